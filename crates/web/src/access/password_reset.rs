use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use doorward_application::access::SendPasswordReset;
use doorward_domain::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::error::ApiError;
use crate::response::{ErrorReply, StatusReply, json};
use crate::session::extract::AdminSession;
use crate::{AppState, Body, validation};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendPasswordResetBody {
    /// Whose id.
    #[validate(custom(function = "validation::not_empty"))]
    user_id: String,
    /// Where the link in the email leads, with the token; a page of the application that asks for the new password.
    redirect_to: Option<String>,
}

/// Mails a user a link for setting a new password; whoever asks for it learns neither. Needs `user:set-password`.
#[utoipa::path(tag = "access", request_body = SendPasswordResetBody,
    responses((status = 200, description = "Mailed", body = StatusReply),
              (status = 400, description = "Passwords cannot be reset here", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted, or the address to lead to is not trusted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply),
              (status = 429, description = "The user got too many of these emails", body = ErrorReply)))]
#[post("/admin/send-password-reset")]
pub(super) async fn send_password_reset(
    body: Body<SendPasswordResetBody>,
    caller: AdminSession,
    state: Data<AppState>,
    send: Data<SendPasswordReset>,
) -> Result<HttpResponse, ApiError> {
    let target = state.redirects.callback(body.0.redirect_to.as_deref())?;
    let user = UserId::from_stored(body.0.user_id);
    send.run(caller.request(), &user, target.as_ref()).await?;
    Ok(json(&StatusReply::DONE))
}
