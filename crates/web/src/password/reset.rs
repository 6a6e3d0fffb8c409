use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use doorward_application::password::{
    RequestPasswordReset, RequestResetError, ResetPassword, ResetPasswordError,
};
use doorward_domain::user::Email;
use doorward_domain::{Actor, Secret};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::codes::RESET_PASSWORD_DISABLED;
use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::response::{ErrorReply, StatusReply, json, not_before, redirect};
use crate::session::SessionCookies;
use crate::user::codes::USER_NOT_FOUND;
use crate::verification::codes::INVALID_TOKEN;
use crate::{AppState, Body, Query, validation};

const ASKED: &str = "If this email exists in our system, check your email for the reset link";

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestResetBody {
    /// The address of the user.
    #[validate(custom(function = "validation::email"))]
    #[schema(format = "email")]
    email: String,
    /// Where the link in the email leads, with the token as a parameter.
    #[schema(nullable = false)]
    redirect_to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RequestResetReply {
    status: bool,
    message: &'static str,
}

/// Mails a link for setting a new password. The answer does not tell whether there is such a user.
#[utoipa::path(tag = "password", request_body = RequestResetBody,
    responses((status = 200, description = "Asked for", body = RequestResetReply),
              (status = 400, description = "Refused", body = ErrorReply)))]
#[post("/request-password-reset")]
pub(super) async fn request_password_reset(
    body: Body<RequestResetBody>,
    state: Data<AppState>,
    request_reset: Data<RequestPasswordReset>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let started = Instant::now();
    let email = Email::parse(&body.0.email).map_err(|_| VALIDATION_ERROR)?;
    let target = state.redirects.callback(body.0.redirect_to.as_deref())?;
    let device = SessionCookies::of(&state, &request).presented_device();
    let request = state.request(&request, Actor::Anonymous);
    request_reset
        .run(&request, &email, device.as_ref(), target.as_ref())
        .await?;
    not_before(started, state.context.settings.security.reset_request_floor).await;
    Ok(json(&RequestResetReply {
        status: true,
        message: ASKED,
    }))
}

impl From<RequestResetError> for ApiError {
    fn from(error: RequestResetError) -> Self {
        match error {
            RequestResetError::Disabled => RESET_PASSWORD_DISABLED.into(),
            RequestResetError::Store(error) => error.into(),
        }
    }
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ResetLinkQuery {
    /// Where to go with the token; may be empty, then the error page is shown.
    #[serde(rename = "callbackURL")]
    callback_url: String,
}

/// The link in the email: goes on to the application's form, with the token or an error as a parameter.
#[utoipa::path(tag = "password", params(("token" = String, Path, description = "The token in the email"), ResetLinkQuery),
    responses((status = 302, description = "To `callbackURL` with `token` or `error`"),
              (status = 403, description = "`callbackURL` is not trusted", body = ErrorReply)))]
#[get("/reset-password/{token}")]
pub(super) async fn open_reset_link(
    query: Query<ResetLinkQuery>,
    token: Path<String>,
    state: Data<AppState>,
    reset: Data<ResetPassword>,
) -> Result<HttpResponse, ApiError> {
    let Some(target) = state.redirects.callback(Some(&query.0.callback_url))? else {
        return Ok(redirect(
            &state.context.settings.endpoint("/error?error=INVALID_TOKEN"),
        ));
    };
    let target = if reset.check(&token).await? {
        target.with_param("token", &token)
    } else {
        target.with_param("error", INVALID_TOKEN.code)
    };
    Ok(redirect(&target.absolute(state.redirects.base())))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResetPasswordBody {
    /// The new password.
    #[schema(format = "password")]
    new_password: String,
    /// The token in the email.
    #[schema(nullable = false)]
    token: Option<String>,
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ResetPasswordQuery {
    /// The token, if it is not in the body.
    #[schema(nullable = false)]
    token: Option<String>,
}

/// Sets a new password with the token of an email.
#[utoipa::path(tag = "password", params(ResetPasswordQuery), request_body = ResetPasswordBody,
    responses((status = 200, description = "Set", body = StatusReply),
              (status = 400, description = "Refused", body = ErrorReply)))]
#[post("/reset-password")]
pub(super) async fn reset_password(
    body: Body<ResetPasswordBody>,
    query: Query<ResetPasswordQuery>,
    state: Data<AppState>,
    reset: Data<ResetPassword>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let password = Secret::new(body.0.new_password);
    let given = body
        .0
        .token
        .filter(|token| !token.is_empty())
        .or(query.0.token)
        .filter(|token| !token.is_empty());
    let token = given.ok_or(ResetPasswordError::InvalidToken)?;
    let device = reset
        .run(
            &state.request(&request, Actor::Anonymous),
            &token,
            &state.password(&password),
        )
        .await?;
    if let Some(device) = &device {
        SessionCookies::of(&state, &request).recognise(device);
    }
    Ok(json(&StatusReply::DONE))
}

impl From<ResetPasswordError> for ApiError {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::InvalidToken => INVALID_TOKEN.with_status(400).into(),
            ResetPasswordError::Password(problem) => problem.into(),
            ResetPasswordError::UserNotFound => USER_NOT_FOUND.with_status(400).into(),
            ResetPasswordError::Hash(error) => error.into(),
            ResetPasswordError::Store(error) => error.into(),
        }
    }
}
