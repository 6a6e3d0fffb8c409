use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use doorward_application::access::UserSessions;
use doorward_domain::UserId;
use doorward_domain::session::SessionHandle;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::bans::UserIdBody;
use crate::error::ApiError;
use crate::response::{ErrorReply, SuccessReply, json};
use crate::session::SessionReply;
use crate::session::extract::AdminSession;
use crate::{AppState, Body};

#[derive(Serialize, ToSchema)]
pub(super) struct SessionsReply {
    sessions: Vec<SessionReply>,
}

/// All sessions of a user, expired ones too. Needs `session:list`.
#[utoipa::path(tag = "access", request_body = UserIdBody,
    responses((status = 200, description = "Sessions, oldest first", body = SessionsReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply)))]
#[post("/admin/list-user-sessions")]
pub(super) async fn list_user_sessions(
    body: Body<UserIdBody>,
    caller: AdminSession,
    state: Data<AppState>,
    sessions: Data<UserSessions>,
) -> Result<HttpResponse, ApiError> {
    let listed = sessions
        .list(caller.request(), &UserId::from_stored(body.0.user_id))
        .await?;
    let settings = &state.context.settings;
    let reply = |listed: &_| {
        let doorward_application::session::ListedSession { session, handle } = listed;
        SessionReply::new(session, handle, settings)
    };
    Ok(json(&SessionsReply {
        sessions: listed.iter().map(reply).collect(),
    }))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionTokenBody {
    /// The `token` of a session in `/admin/list-user-sessions`.
    session_token: String,
}

/// Ends a session of any user. An unknown one is no error. Needs `session:revoke`.
#[utoipa::path(tag = "access", request_body = SessionTokenBody,
    responses((status = 200, description = "Done", body = SuccessReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply)))]
#[post("/admin/revoke-user-session")]
pub(super) async fn revoke_user_session(
    body: Body<SessionTokenBody>,
    caller: AdminSession,
    sessions: Data<UserSessions>,
) -> Result<HttpResponse, ApiError> {
    sessions
        .revoke(caller.request(), &SessionHandle::new(body.0.session_token))
        .await?;
    Ok(json(&SuccessReply::DONE))
}

/// Ends all sessions of a user. Needs `session:revoke`.
#[utoipa::path(tag = "access", request_body = UserIdBody,
    responses((status = 200, description = "Done", body = SuccessReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply)))]
#[post("/admin/revoke-user-sessions")]
pub(super) async fn revoke_user_sessions(
    body: Body<UserIdBody>,
    caller: AdminSession,
    sessions: Data<UserSessions>,
) -> Result<HttpResponse, ApiError> {
    sessions
        .revoke_all(caller.request(), &UserId::from_stored(body.0.user_id))
        .await?;
    Ok(json(&SuccessReply::DONE))
}
