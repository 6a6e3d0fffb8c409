use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use doorward_application::access::{AdminDeleteUser, RestoreUser};
use doorward_domain::UserId;

use super::bans::UserIdBody;
use super::users::OneUserReply;
use crate::error::ApiError;
use crate::response::{ErrorReply, SuccessReply, json};
use crate::session::extract::AdminSession;
use crate::user::UserReply;
use crate::{AppState, Body};

/// Removes a user: hidden until restored or purged, or at once (`user.delete_user.mode`). Needs `user:delete`.
#[utoipa::path(tag = "access", request_body = UserIdBody,
    responses((status = 200, description = "Removed", body = SuccessReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[post("/admin/remove-user")]
pub(super) async fn remove_user(
    body: Body<UserIdBody>,
    caller: AdminSession,
    remove: Data<AdminDeleteUser>,
) -> Result<HttpResponse, ApiError> {
    remove
        .run(caller.request(), &UserId::from_stored(body.0.user_id))
        .await?;
    Ok(json(&SuccessReply::DONE))
}

/// Brings a removed user back, with the address they had. Needs `user:delete`.
#[utoipa::path(tag = "access", request_body = UserIdBody,
    responses((status = 200, description = "The user as they are now", body = OneUserReply),
              (status = 400, description = "Not deleted, or somebody else has the address", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user, or they are gone for good", body = ErrorReply)))]
#[post("/admin/restore-user")]
pub(super) async fn restore_user(
    body: Body<UserIdBody>,
    caller: AdminSession,
    state: Data<AppState>,
    restore: Data<RestoreUser>,
) -> Result<HttpResponse, ApiError> {
    let user = restore
        .run(caller.request(), &UserId::from_stored(body.0.user_id))
        .await?;
    Ok(json(&OneUserReply {
        user: UserReply::new(&user, &state.context.settings),
    }))
}
