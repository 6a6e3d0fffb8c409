use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::password::{
    ChangePassword, ChangePasswordError, ChangePasswordInput, VerifyPassword, VerifyPasswordError,
};
use doorward_domain::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::codes::{CREDENTIAL_ACCOUNT_NOT_FOUND, INVALID_PASSWORD, PASSWORD_TOO_LONG};
use crate::error::ApiError;
use crate::response::{ErrorReply, StatusReply, json};
use crate::session::SessionCookies;
use crate::user::UserReply;
use crate::{AppState, Body, CurrentSession};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangePasswordBody {
    /// The password the user wants.
    #[schema(format = "password")]
    new_password: String,
    /// The password the user has.
    #[schema(format = "password")]
    current_password: String,
    /// Whether all other sessions end.
    #[schema(nullable = false)]
    revoke_other_sessions: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ChangePasswordReply {
    /// The token of the session that took the place of this one, if one did.
    token: Option<String>,
    user: UserReply,
}

/// Replaces the caller's password.
#[utoipa::path(tag = "password", request_body = ChangePasswordBody,
    responses((status = 200, description = "Changed", body = ChangePasswordReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply),
              (status = 429, description = "Too many were wrong", body = ErrorReply)))]
#[post("/change-password")]
pub(super) async fn change_password(
    body: Body<ChangePasswordBody>,
    caller: CurrentSession,
    state: Data<AppState>,
    change: Data<ChangePassword>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let cookies = SessionCookies::of(&state, &request);
    let (new, current) = (Secret::new(body.new_password), Secret::new(body.current_password));
    let input = ChangePasswordInput {
        current: state.password(&current),
        new: state.password(&new),
        revoke_other_sessions: body.revoke_other_sessions.unwrap_or(false),
        lifetime: cookies.chosen_lifetime(),
    };
    let changed = change.run(caller.request(), input).await?;
    if let Some(opened) = &changed.opened {
        cookies.open(&changed.user, opened);
    }
    let token = changed.opened.map(|opened| opened.token.expose().to_owned());
    Ok(json(&ChangePasswordReply {
        token,
        user: UserReply::new(&changed.user, &state.context.settings),
    }))
}

impl From<ChangePasswordError> for ApiError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Password(problem) => problem.into(),
            ChangePasswordError::NoCredential => CREDENTIAL_ACCOUNT_NOT_FOUND.into(),
            ChangePasswordError::Wrong => INVALID_PASSWORD.into(),
            ChangePasswordError::TooManyAttempts(error) => error.into(),
            ChangePasswordError::NotSignedIn(error) => error.into(),
            ChangePasswordError::Hash(error) => error.into(),
            ChangePasswordError::Store(error) => error.into(),
        }
    }
}

#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct VerifyPasswordBody {
    /// The caller's password.
    #[schema(format = "password")]
    password: String,
}

/// Checks the caller's password once more.
#[utoipa::path(tag = "password", request_body = VerifyPasswordBody,
    responses((status = 200, description = "It is the password", body = StatusReply),
              (status = 400, description = "It is not", body = ErrorReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply),
              (status = 429, description = "Too many were wrong", body = ErrorReply)))]
#[post("/verify-password")]
pub(super) async fn verify_password(
    body: Body<VerifyPasswordBody>,
    caller: CurrentSession,
    state: Data<AppState>,
    verify: Data<VerifyPassword>,
) -> Result<HttpResponse, ApiError> {
    let password = Secret::new(body.0.password);
    match verify.run(caller.request(), &state.password(&password)).await {
        Ok(_) => Ok(json(&StatusReply::DONE)),
        Err(VerifyPasswordError::TooLong) => Err(PASSWORD_TOO_LONG.into()),
        Err(VerifyPasswordError::NoCredential | VerifyPasswordError::Wrong) => Err(INVALID_PASSWORD.into()),
        Err(VerifyPasswordError::TooManyAttempts(error)) => Err(error.into()),
        Err(VerifyPasswordError::NotSignedIn(error)) => Err(error.into()),
        Err(VerifyPasswordError::Hash(error)) => Err(error.into()),
        Err(VerifyPasswordError::Store(error)) => Err(error.into()),
    }
}
