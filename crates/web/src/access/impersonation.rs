use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::access::{AdminError, Impersonate, StopError, StopImpersonating};
use doorward_domain::UserId;

use super::bans::UserIdBody;
use crate::error::ApiError;
use crate::response::{ErrorReply, json};
use crate::session::extract::AdminSession;
use crate::session::{EmptyBody, SessionAndUserReply, SessionCookies};
use crate::sign_in::banned;
use crate::{AppState, Body};

/// Impersonates a user, in a session that is marked and lasts an hour at most. Needs `user:impersonate`.
#[utoipa::path(tag = "access", request_body = UserIdBody,
    responses((status = 200, description = "The session of the user", body = SessionAndUserReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted, or the user is an administrator or banned", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[post("/admin/impersonate-user")]
pub(super) async fn impersonate_user(
    body: Body<UserIdBody>,
    caller: AdminSession,
    state: Data<AppState>,
    impersonate: Data<Impersonate>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let user = UserId::from_stored(body.0.user_id);
    let outcome = impersonate.run(caller.request(), &user).await;
    let begun = outcome.map_err(|error| match error {
        AdminError::Banned => banned(&state.context.settings),
        error => error.into(),
    })?;
    SessionCookies::of(&state, &request).leave(&caller.token, &begun.user, &begun.opened);
    let settings = &state.context.settings;
    let token = begun.opened.token.expose();
    Ok(json(&SessionAndUserReply::new(
        &begun.opened.session,
        token,
        &begun.user,
        settings,
    )))
}

/// Ends an impersonation and restores the administrator's session.
#[utoipa::path(tag = "access", request_body = Option<EmptyBody>,
    responses((status = 200, description = "The administrator's session", body = SessionAndUserReply),
              (status = 400, description = "Nobody is impersonated", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 500, description = "The administrator's session is gone", body = ErrorReply)))]
#[post("/admin/stop-impersonating")]
pub(super) async fn stop_impersonating(
    caller: AdminSession,
    state: Data<AppState>,
    stop: Data<StopImpersonating>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let cookies = SessionCookies::of(&state, &request);
    let (left, lifetime) = cookies.left_session();
    let stopped = stop.run(caller.request(), left, lifetime).await?;
    cookies.come_back(&stopped.user, &stopped.opened);
    let settings = &state.context.settings;
    let token = stopped.opened.token.expose();
    Ok(json(&SessionAndUserReply::new(
        &stopped.opened.session,
        token,
        &stopped.user,
        settings,
    )))
}

impl From<StopError> for ApiError {
    fn from(error: StopError) -> Self {
        match error {
            StopError::NotImpersonating => Self::uncoded("You are not impersonating anyone"),
            // The status is Better Auth's.
            StopError::SessionGone => Self::Uncoded(500, "Failed to find admin session".into()),
            StopError::NotSignedIn(error) => error.into(),
            StopError::Store(error) => error.into(),
        }
    }
}
