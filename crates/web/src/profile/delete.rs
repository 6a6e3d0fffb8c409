use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use doorward_application::profile::{DeleteUser, DeleteUserError, DeleteUserInput, Deletion};
use doorward_domain::Secret;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::codes::{FAILED_TO_GET_USER_INFO, SESSION_EXPIRED};
use crate::access::LAST_ADMINISTRATOR;
use crate::error::ApiError;
use crate::error::codes::NOT_FOUND;
use crate::password::codes::{CREDENTIAL_ACCOUNT_NOT_FOUND, INVALID_PASSWORD, PASSWORD_TOO_LONG};
use crate::response::{ErrorReply, json, redirect};
use crate::session::SessionCookies;
use crate::session::extract::{CurrentSession, OptionalSession};
use crate::verification::codes::INVALID_TOKEN;
use crate::{AppState, Body, Query};

#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct DeleteUserBody {
    /// The caller's password; needed if the session is not fresh.
    #[schema(nullable = false, format = "password")]
    password: Option<String>,
    /// The token of a mailed link.
    #[schema(nullable = false)]
    token: Option<String>,
    /// Where a mailed link leads in the end.
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false)]
    callback_url: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DeletionReply {
    success: bool,
    message: &'static str,
}

impl DeletionReply {
    const DELETED: Self = Self {
        success: true,
        message: "User deleted",
    };
    const ASKED: Self = Self {
        success: true,
        message: "Verification email sent",
    };
}

/// Deletes the caller, or mails a link that does.
#[utoipa::path(tag = "user", request_body = Option<DeleteUserBody>,
    responses((status = 200, description = "Deleted, or asked by mail", body = DeletionReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply),
              (status = 404, description = "Not enabled, or the token is invalid", body = ErrorReply)))]
#[post("/delete-user")]
pub(super) async fn delete_user(
    body: Body<DeleteUserBody>,
    caller: CurrentSession,
    state: Data<AppState>,
    delete: Data<DeleteUser>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let password = body
        .0
        .password
        .filter(|password| !password.is_empty())
        .map(Secret::new);
    let token = body.0.token.filter(|token| !token.is_empty());
    let callback = state.redirects.callback(body.0.callback_url.as_deref())?;
    let input = DeleteUserInput {
        password: password.as_ref().map(|password| state.password(password)),
        token: token.as_deref(),
        callback: callback.as_ref(),
    };
    Ok(match delete.run(caller.request(), input).await? {
        Deletion::Asked => json(&DeletionReply::ASKED),
        Deletion::Done => {
            SessionCookies::of(&state, &request).clear();
            json(&DeletionReply::DELETED)
        }
    })
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeletionLinkQuery {
    /// The token in the email.
    token: String,
    /// Where to go afterwards.
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false)]
    callback_url: Option<String>,
}

/// The link in the email: deletes the user, in a browser where they are signed in.
#[utoipa::path(tag = "user", params(DeletionLinkQuery),
    responses((status = 200, description = "Deleted, without `callbackURL`", body = DeletionReply),
              (status = 302, description = "Deleted, to `callbackURL`"),
              (status = 404, description = "Not enabled, nobody is signed in, or the token is invalid", body = ErrorReply)))]
#[get("/delete-user/callback")]
pub(super) async fn open_deletion_link(
    query: Query<DeletionLinkQuery>,
    caller: OptionalSession,
    state: Data<AppState>,
    delete: Data<DeleteUser>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let callback = state.redirects.callback(query.0.callback_url.as_deref())?;
    if !delete.is_enabled() {
        return Err(NOT_FOUND.into());
    }
    if caller.active().is_none() {
        return Err(FAILED_TO_GET_USER_INFO.into());
    }
    delete.confirm(caller.request(), &query.0.token).await?;
    SessionCookies::of(&state, &request).clear();
    Ok(callback.map_or_else(
        || json(&DeletionReply::DELETED),
        |callback| redirect(callback.as_str()),
    ))
}

impl From<DeleteUserError> for ApiError {
    fn from(error: DeleteUserError) -> Self {
        match error {
            DeleteUserError::Disabled => Self::Empty(404),
            DeleteUserError::PasswordTooLong => PASSWORD_TOO_LONG.into(),
            DeleteUserError::NoCredential => CREDENTIAL_ACCOUNT_NOT_FOUND.into(),
            DeleteUserError::WrongPassword => INVALID_PASSWORD.into(),
            DeleteUserError::TooManyAttempts(error) => error.into(),
            DeleteUserError::NotFresh => SESSION_EXPIRED.into(),
            DeleteUserError::InvalidToken => INVALID_TOKEN.with_status(404).into(),
            DeleteUserError::LastAdministrator => LAST_ADMINISTRATOR.into(),
            DeleteUserError::Rejected(rejection) => rejection.into(),
            DeleteUserError::NotSignedIn(error) => error.into(),
            DeleteUserError::Hash(error) => error.into(),
            DeleteUserError::Store(error) => error.into(),
        }
    }
}
