//! Finding out who a request comes from.

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};
use doorward_application::session::{ActiveSession, ReadSession, Refresh};
use doorward_domain::session::{Lifetime, SessionToken};
use doorward_domain::{Actor, RequestContext};

use super::{SessionCookies, SessionReply};
use crate::error::ApiError;
use crate::throttle::SessionExists;
use crate::user::UserReply;
use crate::{AppState, query};

/// Whose word is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The database's.
    Database,
    /// A valid cache cookie's, or what this process learnt from the database a moment ago.
    Cache,
}

/// Reads the session of a request and keeps its cookies in step: renewed with a session that was extended, cleared with
/// one that is gone, and the cache written anew with what the database said.
///
/// Answers the context of the request, too, in which nobody is signed in yet: it is made once a request.
pub(crate) async fn read(
    state: &Data<AppState>,
    http: &HttpRequest,
    source: Source,
    refresh: Refresh,
) -> Result<(RequestContext, Option<ActiveSession>), ApiError> {
    let request = state.request(http, Actor::Anonymous);
    let active = read_in(&request, state, http, source, refresh).await?;
    if active.is_some() {
        http.extensions_mut().insert(SessionExists);
    }
    Ok((request, active))
}

async fn read_in(
    request: &RequestContext,
    state: &Data<AppState>,
    http: &HttpRequest,
    source: Source,
    refresh: Refresh,
) -> Result<Option<ActiveSession>, ApiError> {
    let cookies = SessionCookies::of(state, http);
    let Some(token) = cookies.presented_token() else {
        return Ok(None);
    };
    let asked = query::parse(http.query_string().as_bytes());
    let is_set = |name: &str| asked.get(name).is_some_and(|value| value != "");
    let source = if is_set("disableCookieCache") {
        Source::Database
    } else {
        source
    };
    if source == Source::Cache
        && let Some(current) = from_cache(state, &cookies, &token)
    {
        return Ok(Some(current));
    }
    cookies.clear_stale_cache();
    let remembered = cookies.chosen_lifetime() == Lifetime::Remembered;
    let refresh = if remembered && !is_set("disableRefresh") {
        refresh
    } else {
        Refresh::Never
    };
    let read_session = ReadSession::new(state.context.clone());
    let outcome = match source {
        Source::Cache => read_session.run_cached(request, token, refresh).await?,
        Source::Database => read_session.run(request, token, refresh).await?,
    };
    let Some(current) = outcome else {
        cookies.clear();
        return Ok(None);
    };
    if current.refreshed {
        cookies.renew(&current.user, &current);
    } else {
        let lifetime = current
            .session
            .lifetime
            .unwrap_or_else(|| cookies.chosen_lifetime());
        cookies.cache(&current.user, &current.session, &current.token, lifetime);
    }
    Ok(Some(current))
}

/// A cached session is believed together with the token it was made for, before its own end and the session's (SE-10).
fn from_cache(state: &AppState, cookies: &SessionCookies<'_>, token: &SessionToken) -> Option<ActiveSession> {
    let cache = state.cookie_cache.as_ref()?;
    let now = state.context.now();
    let cached = cache.codec.open(&cookies.presented_cache()?, now)?;
    let settings = &state.context.settings;
    let session = SessionReply::cached(cached.session, settings)?;
    let user = UserReply::cached(cached.user, settings)?;
    if session.token.as_str() != token.expose() || session.user_id != user.id {
        return None;
    }
    if !state.context.settings.session.is_live(&session, now) {
        return None;
    }
    Some(ActiveSession {
        session,
        user,
        token: token.clone(),
        refreshed: false,
        needs_refresh: false,
    })
}
