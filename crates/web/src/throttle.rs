//! Asks the rate limiter about every request, before anything else is looked at (RL-1).

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpMessage, HttpRequest};
use doorward_domain::TokenDigest;
use doorward_domain::metrics::{Limit, Observation};
use doorward_domain::rate_limit::{Decision, RequestLimit, whole_seconds};

use crate::bearer;
use crate::cookies::{RequestCookies, SESSION_TOKEN};
use crate::error::ApiError;
use crate::state::{AppState, Routes};

/// A request that counts only if its session does not exist, which is known when it is answered.
#[must_use = "the request is not counted yet"]
pub(crate) struct Deferred {
    counted: Counted,
    session: TokenDigest,
}

struct Counted {
    key: String,
    limit: RequestLimit,
}

/// The session of this request exists.
pub(crate) struct SessionExists;

/// Counts the request, and refuses it if it is one too many. What is [deferred](Deferred) is counted when it is answered.
pub(crate) async fn throttle(
    state: &AppState,
    request: &ServiceRequest,
    pattern: Option<&str>,
) -> Result<Option<Deferred>, ApiError> {
    let Some(limits) = &state.limits else {
        return Ok(None);
    };
    let path = request.uri().path();
    let pattern = pattern.filter(|pattern| Routes::is_exact(pattern, path));
    let Some((rule, limit)) = limits.rule(path, pattern) else {
        return Ok(None);
    };
    let peer = request.peer_addr().map(|address| address.ip());
    let address = state.address(peer, request.headers());
    let key = if limits.count_refused || !will_be_refused(state, request, pattern) {
        rule.key(&address)
    } else {
        rule.key_of_refused(&address)
    };
    let counted = Counted { key, limit };
    if rule.spares_sessions
        && let Some(session) = presented_session(state, request.headers())
        && !state.dead_sessions.has(&session, state.context.now())
    {
        return Ok(Some(Deferred { counted, session }));
    }
    take(state, &counted).await.map(|()| None)
}

/// Whether nothing at this path takes the method, or the origin is not trusted to change anything or to sign in. Any site can make
/// the browsers of its visitors send that.
///
/// Of a path that exists: what does not is counted apart already.
fn will_be_refused(state: &AppState, request: &ServiceRequest, pattern: Option<&str>) -> bool {
    let Some(pattern) = pattern else {
        return false;
    };
    let (method, path) = (request.method(), request.uri().path());
    if state.routes().find(method, pattern, path).is_none() {
        return true;
    }
    *method != Method::GET && state.redirects.check_first_login(request.headers()).is_err()
}

/// Counts a request whose session turned out not to exist, and refuses it if it is one too many.
pub(crate) async fn afterwards(
    state: &AppState,
    request: &HttpRequest,
    deferred: Deferred,
) -> Result<(), ApiError> {
    if request.extensions().get::<SessionExists>().is_some() {
        return Ok(());
    }
    let Deferred { counted, session } = deferred;
    let now = state.context.now();
    state
        .dead_sessions
        .remember(session, now, now + counted.limit.window);
    take(state, &counted).await
}

async fn take(state: &AppState, counted: &Counted) -> Result<(), ApiError> {
    let Counted { key, limit } = counted;
    let limiter = &state.context.ports.rate_limiter;
    match limiter.take(key, *limit, state.context.now()).await {
        Decision::Allowed => Ok(()),
        Decision::Blocked { retry_after } => {
            state.context.observe(Observation::LimitReached(Limit::Requests));
            Err(ApiError::TooManyRequests {
                code: None,
                retry_after: whole_seconds(retry_after),
            })
        }
    }
}

/// The session token of the request, if this server signed it.
fn presented_session(state: &AppState, headers: &HeaderMap) -> Option<TokenDigest> {
    let of_cookie = || {
        let cookie = RequestCookies::of(headers).get(&state.style.name(SESSION_TOKEN))?;
        state.signer.verify(cookie)
    };
    let token = bearer::signed(state, headers).or_else(of_cookie)?;
    Some(TokenDigest::of(&token))
}
