//! Asks the rate limiter about every request, before anything else is looked at (RL-1).

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpMessage, HttpRequest};
use doorward_domain::rate_limit::{Decision, RequestLimit, whole_seconds};

use crate::bearer;
use crate::cookies::{RequestCookies, SESSION_TOKEN};
use crate::error::ApiError;
use crate::state::{AppState, Routes};

/// A request that counts only if its session does not exist, which is known when it is answered.
#[must_use = "the request is not counted yet"]
pub(crate) struct Deferred {
    key: String,
    limit: RequestLimit,
}

/// The session of this request exists.
pub(crate) struct SessionExists;

/// Counts the request, and refuses it if it is one too many. What is [deferred](Deferred) is counted when it is answered.
pub(crate) async fn throttle(
    state: &AppState,
    request: &ServiceRequest,
) -> Result<Option<Deferred>, ApiError> {
    let Some(limits) = &state.limits else {
        return Ok(None);
    };
    let path = request.uri().path();
    let pattern = request.match_pattern();
    let pattern = pattern.filter(|pattern| Routes::is_exact(pattern, path));
    let Some((rule, limit)) = limits.rule(path, pattern.as_deref()) else {
        return Ok(None);
    };
    let peer = request.peer_addr().map(|address| address.ip());
    let key = rule.key(&state.address(peer, request.headers()));
    let counted = Deferred { key, limit };
    if rule.spares_sessions && presents_session(state, request.headers()) {
        return Ok(Some(counted));
    }
    take(state, &counted).await.map(|()| None)
}

/// Counts a request whose session turned out not to exist, and refuses it if it is one too many.
pub(crate) async fn afterwards(
    state: &AppState,
    request: &HttpRequest,
    deferred: &Deferred,
) -> Result<(), ApiError> {
    if request.extensions().get::<SessionExists>().is_some() {
        return Ok(());
    }
    take(state, deferred).await
}

async fn take(state: &AppState, counted: &Deferred) -> Result<(), ApiError> {
    let Deferred { key, limit } = counted;
    let limiter = &state.context.ports.rate_limiter;
    match limiter.take(key, *limit, state.context.now()).await {
        Decision::Allowed => Ok(()),
        Decision::Blocked { retry_after } => Err(ApiError::TooManyRequests {
            code: None,
            retry_after: whole_seconds(retry_after),
        }),
    }
}

/// Whether the request has a session token that this server signed.
fn presents_session(state: &AppState, headers: &HeaderMap) -> bool {
    let cookie = RequestCookies::of(headers).get(&state.style.name(SESSION_TOKEN));
    let is_signed = |cookie: &str| state.signer.verify(cookie).is_some();
    cookie.is_some_and(is_signed) || bearer::is_signed(state, headers)
}
