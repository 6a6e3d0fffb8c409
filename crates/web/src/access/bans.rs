use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::TimeDelta;
use doorward_application::access::{AdminUpdateUser, BanInput};
use doorward_domain::UserId;
use doorward_domain::user::Ban;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::users::{OneUserReply, wrong_type};
use crate::error::ApiError;
use crate::response::{ErrorReply, json};
use crate::session::extract::AdminSession;
use crate::user::UserReply;
use crate::{AppState, Body};

/// The longest ban with an end, in seconds: a hundred years.
const LONGEST: f64 = 3_155_760_000.0;

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BanUserBody {
    /// Whose id.
    user_id: String,
    /// What they did; at most 512 characters.
    #[schema(nullable = false)]
    ban_reason: Option<String>,
    /// Seconds until they may come back; for good without it.
    #[schema(nullable = false)]
    ban_expires_in: Option<f64>,
}

/// Keeps a user out and ends their sessions. Needs `user:ban`.
#[utoipa::path(tag = "access", request_body = BanUserBody,
    responses((status = 200, description = "The user as they are now", body = OneUserReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[post("/admin/ban-user")]
pub(super) async fn ban_user(
    body: Body<BanUserBody>,
    caller: AdminSession,
    state: Data<AppState>,
    change: Data<AdminUpdateUser>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let reason = body.ban_reason.filter(|reason| !reason.is_empty());
    if reason
        .as_deref()
        .is_some_and(|reason| reason.chars().count() > Ban::REASON_MAX)
    {
        return Err(wrong_type("banReason"));
    }
    // Zero means nothing was said, as in Better Auth.
    let duration = body
        .ban_expires_in
        .filter(|seconds| *seconds != 0.0)
        .map(duration)
        .transpose()?;
    let input = BanInput {
        user: UserId::from_stored(body.user_id),
        reason,
        duration,
    };
    let user = change.ban(caller.request(), input).await?;
    Ok(json(&OneUserReply {
        user: UserReply::new(&user, &state.context.settings),
    }))
}

fn duration(seconds: f64) -> Result<TimeDelta, ApiError> {
    let fits = seconds > 0.0 && seconds <= LONGEST;
    let duration = fits.then(|| std::time::Duration::from_secs_f64(seconds));
    duration
        .and_then(|duration| TimeDelta::from_std(duration).ok())
        .ok_or_else(|| wrong_type("banExpiresIn"))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserIdBody {
    /// Whose id.
    pub(super) user_id: String,
}

/// Lets a banned user in again. Needs `user:ban`.
#[utoipa::path(tag = "access", request_body = UserIdBody,
    responses((status = 200, description = "The user as they are now", body = OneUserReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[post("/admin/unban-user")]
pub(super) async fn unban_user(
    body: Body<UserIdBody>,
    caller: AdminSession,
    state: Data<AppState>,
    change: Data<AdminUpdateUser>,
) -> Result<HttpResponse, ApiError> {
    let user = change
        .unban(caller.request(), &UserId::from_stored(body.0.user_id))
        .await?;
    Ok(json(&OneUserReply {
        user: UserReply::new(&user, &state.context.settings),
    }))
}
