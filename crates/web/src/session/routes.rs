use actix_web::http::header::{HeaderValue, PRAGMA};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use doorward_application::Context;
use doorward_application::session::{
    ListSessions, Refresh, RevokeSession, RevokeSessions, SignOut, UpdateSession,
};
use doorward_application::settings::Settings;
use doorward_domain::Actor;
use doorward_domain::session::{Session, SessionHandle};
use doorward_domain::user::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::codes;
use super::codes::METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED;
use super::extract::{CachedFresh, CurrentSession, EvenImpersonated};
use super::read::{Source, read};
use super::{SessionCookies, SessionReply};
use crate::body::RawBody;
use crate::error::ApiError;
use crate::fields;
use crate::response::{ErrorReply, StatusReply, SuccessReply, json};
use crate::user::UserReply;
use crate::{AppState, Body, ErrorCode, Module, RateLimit};

/// Reading, listing and ending sessions.
pub(crate) struct SessionModule;

impl Module for SessionModule {
    fn id(&self) -> &'static str {
        "session"
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        codes::ALL
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        const LIMITS: &[RateLimit] = &[
            RateLimit::sessions_free("/get-session"),
            RateLimit::sessions_free("/session"),
        ];
        LIMITS
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(ListSessions::new(context.clone())))
            .app_data(Data::new(RevokeSession::new(context.clone())))
            .app_data(Data::new(RevokeSessions::new(context.clone())))
            .app_data(Data::new(SignOut::new(context.clone())))
            .app_data(Data::new(UpdateSession::new(context.clone())))
            .service(get_session)
            .service(get_session_alias)
            .service(refresh_session)
            .service(list_sessions)
            .service(revoke_session)
            .service(revoke_sessions)
            .service(revoke_other_sessions)
            .service(update_session)
            .service(sign_out);
    }
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SessionAndUser)]
pub(crate) struct SessionAndUserReply {
    session: SessionReply,
    user: UserReply,
    /// Whether a `POST` would extend the session; only with `session.defer_session_refresh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    needs_refresh: Option<bool>,
}

impl SessionAndUserReply {
    pub(crate) fn new(session: &Session, token: &str, user: &User, settings: &Settings) -> Self {
        Self {
            session: SessionReply::new(session, token, settings),
            user: UserReply::new(user, settings),
            needs_refresh: None,
        }
    }
}

/// A body without fields.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct EmptyBody {}

async fn answer_session(
    state: &Data<AppState>,
    request: &HttpRequest,
    refresh: Refresh,
    announce: bool,
) -> Result<HttpResponse, ApiError> {
    let (_, current) = read(state, request, Source::Cache, refresh).await?;
    let reply = current.map(|current| SessionAndUserReply {
        needs_refresh: announce.then_some(current.needs_refresh),
        ..SessionAndUserReply::new(
            &current.session,
            current.token.expose(),
            &current.user,
            &state.context.settings,
        )
    });
    let mut response = json(&reply);
    response
        .headers_mut()
        .insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Who is signed in: session and user, or `null`.
#[utoipa::path(tag = "session", params(
        ("disableCookieCache" = Option<String>, Query, description = "Any text: ask the database, not the cache cookie"),
        ("disableRefresh" = Option<String>, Query, description = "Any text: do not extend the session")),
    responses((status = 200, description = "Session and user, or `null`", body = Option<SessionAndUserReply>)))]
#[get("/get-session")]
async fn get_session(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let defer = state.defer_session_refresh;
    let refresh = if defer { Refresh::Never } else { Refresh::IfDue };
    answer_session(&state, &request, refresh, defer).await
}

/// The same as `GET /get-session`, under the name the guide gives it.
#[utoipa::path(tag = "session",
    responses((status = 200, description = "Session and user, or `null`", body = Option<SessionAndUserReply>)))]
#[get("/session")]
async fn get_session_alias(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let defer = state.defer_session_refresh;
    let refresh = if defer { Refresh::Never } else { Refresh::IfDue };
    answer_session(&state, &request, refresh, defer).await
}

/// Extends the session where `GET` does not (`session.defer_session_refresh`).
#[utoipa::path(tag = "session",
    responses((status = 200, description = "Session and user, or `null`", body = Option<SessionAndUserReply>),
              (status = 405, description = "`GET` extends sessions here", body = ErrorReply)))]
#[post("/get-session")]
async fn refresh_session(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if !state.defer_session_refresh {
        return Err(METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED.into());
    }
    answer_session(&state, &request, Refresh::IfDue, false).await
}

/// The caller's living sessions. Needs a fresh session.
#[utoipa::path(tag = "session",
    responses((status = 200, description = "Sessions, oldest first", body = [SessionReply]),
              (status = 401, description = "Nobody is signed in", body = ErrorReply),
              (status = 403, description = "The session is not fresh", body = ErrorReply)))]
#[get("/list-sessions")]
async fn list_sessions(
    caller: EvenImpersonated<CachedFresh>,
    state: Data<AppState>,
    list: Data<ListSessions>,
) -> Result<HttpResponse, ApiError> {
    let sessions = list.run(caller.request()).await?;
    let replies: Vec<SessionReply> = sessions
        .iter()
        .map(|listed| SessionReply::new(&listed.session, &listed.handle, &state.context.settings))
        .collect();
    Ok(json(&replies))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
struct RevokeSessionBody {
    /// The `token` of a session in `/list-sessions`.
    token: String,
}

/// Ends one of the caller's sessions. Unknown and foreign tokens end nothing, and are no error.
#[utoipa::path(tag = "session", request_body = RevokeSessionBody,
    responses((status = 200, description = "Done", body = StatusReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply)))]
#[post("/revoke-session")]
async fn revoke_session(
    body: Body<RevokeSessionBody>,
    caller: CurrentSession,
    revoke: Data<RevokeSession>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let handle = SessionHandle::new(body.0.token);
    let ended = revoke.run(caller.request(), &handle).await?;
    if ended.as_ref() == Some(&caller.session.id) {
        SessionCookies::of(&state, &request).clear();
    }
    Ok(json(&StatusReply::DONE))
}

/// Ends all of the caller's sessions, this one too.
#[utoipa::path(tag = "session", request_body = Option<EmptyBody>,
    responses((status = 200, description = "Done", body = StatusReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply)))]
#[post("/revoke-sessions")]
async fn revoke_sessions(
    caller: CurrentSession,
    revoke: Data<RevokeSessions>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    revoke.run(caller.request(), None).await?;
    SessionCookies::of(&state, &request).clear();
    Ok(json(&StatusReply::DONE))
}

/// Ends all of the caller's sessions but this one.
#[utoipa::path(tag = "session", request_body = Option<EmptyBody>,
    responses((status = 200, description = "Done", body = StatusReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply)))]
#[post("/revoke-other-sessions")]
async fn revoke_other_sessions(
    caller: CurrentSession,
    revoke: Data<RevokeSessions>,
) -> Result<HttpResponse, ApiError> {
    revoke.run(caller.request(), Some(&caller.session.id)).await?;
    Ok(json(&StatusReply::DONE))
}

/// `{"session": …}`
#[derive(Debug, Serialize, ToSchema)]
struct OneSessionReply {
    session: SessionReply,
}

/// Changes the fields of `session.additional_fields`.
#[utoipa::path(tag = "session", request_body = EmptyBody,
    responses((status = 200, description = "The session as it is now", body = OneSessionReply),
              (status = 400, description = "Nothing to change", body = ErrorReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply)))]
#[post("/update-session")]
async fn update_session(
    sent: RawBody,
    _body: Body<EmptyBody>,
    caller: CurrentSession,
    state: Data<AppState>,
    update: Data<UpdateSession>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let settings = &state.context.settings;
    let changes = fields::of_update(
        &settings.session_fields,
        &sent,
        settings.security.max_field_length,
    )?;
    if changes.is_empty() {
        return Err(ApiError::uncoded("No fields to update"));
    }
    let updated = update.run(caller.request(), &changes).await?;
    SessionCookies::of(&state, &request).renew(&updated.user, &updated);
    Ok(json(&OneSessionReply {
        session: SessionReply::new(&updated.session, updated.token.expose(), settings),
    }))
}

/// Ends the session of this browser and clears its cookies. Succeeds without a session, too.
#[utoipa::path(tag = "session", request_body = Option<EmptyBody>,
    responses((status = 200, description = "Done", body = SuccessReply)))]
#[post("/sign-out")]
async fn sign_out(
    sign_out: Data<SignOut>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let cookies = SessionCookies::of(&state, &request);
    let (token, (left, _)) = (cookies.presented_token(), cookies.left_session());
    if token.is_some() || left.is_some() {
        let request = state.request(&request, Actor::Anonymous);
        sign_out.run(&request, token.as_ref(), left.as_ref()).await?;
    }
    cookies.clear();
    Ok(json(&SuccessReply::DONE))
}
