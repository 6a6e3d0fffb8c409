use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::profile::{ChangeEmail, ChangeEmailError, EmailChanged};
use doorward_domain::user::Email;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use validator::Validate;

use super::codes::CHANGE_EMAIL_DISABLED;
use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::response::{ErrorReply, StatusReply, json, not_before};
use crate::session::SessionCookies;
use crate::session::codes::SESSION_NOT_FRESH;
use crate::session::extract::CurrentSession;
use crate::{AppState, Body, validation};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeEmailBody {
    /// The address the user wants to have.
    #[validate(custom(function = "validation::email"))]
    #[schema(format = "email")]
    new_email: String,
    /// Where the links lead in the end.
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false)]
    callback_url: Option<String>,
}

/// Starts a change of the caller's address. The answer does not tell whether the new one is taken.
#[utoipa::path(tag = "user", request_body = ChangeEmailBody,
    responses((status = 200, description = "Asked for, or changed", body = StatusReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply),
              (status = 403, description = "The session is not fresh", body = ErrorReply)))]
#[post("/change-email")]
pub(super) async fn change_email(
    body: Body<ChangeEmailBody>,
    caller: CurrentSession,
    state: Data<AppState>,
    change: Data<ChangeEmail>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let started = Instant::now();
    let new_email = Email::parse(&body.0.new_email).map_err(|_| VALIDATION_ERROR)?;
    let callback = state.redirects.callback(body.0.callback_url.as_deref())?;
    if let EmailChanged::AtOnce(user) = change.run(caller.request(), new_email, callback.as_ref()).await? {
        SessionCookies::of(&state, &request).renew(&user, &caller);
    }
    // Writing a link takes longer than finding that the address is taken.
    not_before(started, state.context.settings.security.reset_request_floor).await;
    Ok(json(&StatusReply::DONE))
}

impl From<ChangeEmailError> for ApiError {
    fn from(error: ChangeEmailError) -> Self {
        match error {
            ChangeEmailError::Disabled => CHANGE_EMAIL_DISABLED.into(),
            ChangeEmailError::NotFresh => SESSION_NOT_FRESH.into(),
            ChangeEmailError::Same => Self::uncoded("Email is the same"),
            ChangeEmailError::MailNotEnabled => Self::uncoded("Verification email isn't enabled"),
            ChangeEmailError::NotSignedIn(error) => error.into(),
            ChangeEmailError::Store(error) => error.into(),
        }
    }
}
