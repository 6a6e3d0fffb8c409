//! Extractors: a handler that names one of these in its signature runs only for somebody who is signed in.

use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use doorward_application::session::{self, Refresh};

use super::read::{Source, read};
use crate::AppState;
use crate::error::{ApiError, codes};

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The session of whoever sends the request, read from the database; 401 without one.
#[derive(Clone, Debug)]
pub struct CurrentSession(pub session::CurrentSession);

/// The session of the very person it belongs to, read from the database: not of an administrator in their place, where
/// `Security::restrict_impersonation` says so (AC-6). 401 or 403 otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Themselves(pub(crate) session::CurrentSession);

/// As [`CurrentSession`], but without one the 401 has no body, as in Better Auth's admin plugin.
#[derive(Clone, Debug)]
pub(crate) struct AdminSession(pub(crate) session::CurrentSession);

/// What another extractor answers, for somebody who signed in recently (`session.fresh_age`): `Fresh<CurrentUser>`,
/// `Fresh<Authorized<…>>`. 403 with the code `SESSION_NOT_FRESH` for others whom the other one lets in.
///
/// ```
/// use actix_web::post;
/// use doorward_web::Fresh;
/// use doorward_web::access::CurrentUser;
///
/// #[post("/close-account")]
/// async fn close_account(caller: Fresh<CurrentUser>) -> String {
///     format!("Goodbye, {}", caller.name)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Fresh<T>(pub T);

/// As [`CurrentSession`], but a valid cache cookie may answer where `Security::strict_cookie_cache` allows it.
#[derive(Clone, Debug)]
pub(crate) struct CachedSession(pub(crate) session::CurrentSession);

/// The session of somebody who signed in recently; a valid cache cookie may answer where `Security::strict_cookie_cache` allows it.
#[derive(Clone, Debug)]
pub(crate) struct CachedFresh(pub(crate) session::CurrentSession);

/// The session of whoever sends the request, if they are signed in.
#[derive(Clone, Debug)]
pub(crate) struct OptionalSession(pub(crate) Option<session::CurrentSession>);

/// Refuses an administrator in somebody's place (AC-6).
pub(crate) fn themselves(state: &AppState, current: &session::CurrentSession) -> Result<(), ApiError> {
    if current.has_rights(&state.context.settings) {
        Ok(())
    } else {
        Err(codes::IMPERSONATION_FORBIDS.into())
    }
}

/// Who sends the request, read from the database once however many ask; 401 for nobody.
pub(crate) async fn current(request: &HttpRequest) -> Result<session::CurrentSession, ApiError> {
    let known = request.extensions().get::<Known>().cloned();
    if let Some(Known(current)) = known {
        return Ok(current);
    }
    let current = required(request.clone(), Source::Database).await?;
    request.extensions_mut().insert(Known(current.clone()));
    Ok(current)
}

/// What this request has learnt from the database about who sends it.
#[derive(Clone)]
struct Known(session::CurrentSession);

pub(crate) fn api_of(request: &HttpRequest) -> Result<Data<AppState>, ApiError> {
    let missing = || ApiError::Internal("the application was set up without its AppState".into());
    request.app_data::<Data<AppState>>().cloned().ok_or_else(missing)
}

async fn required(request: HttpRequest, source: Source) -> Result<session::CurrentSession, ApiError> {
    let state = api_of(&request)?;
    let current = read(&state, &request, source, AppState::refresh(&state)).await?;
    current.ok_or_else(|| codes::UNAUTHORIZED.into())
}

async fn fresh(request: HttpRequest, source: Source) -> Result<session::CurrentSession, ApiError> {
    let state = api_of(&request)?;
    let current = required(request, source).await?;
    require_fresh(&state, &current).map(|()| current)
}

fn require_fresh(state: &AppState, current: &session::CurrentSession) -> Result<(), ApiError> {
    let context = &state.context;
    if context.settings.session.is_fresh(&current.session, context.now()) {
        Ok(())
    } else {
        Err(codes::SESSION_NOT_FRESH.into())
    }
}

impl AppState {
    /// Whether ordinary requests may extend a session.
    fn refresh(&self) -> Refresh {
        if self.defer_session_refresh {
            Refresh::Never
        } else {
            Refresh::IfDue
        }
    }

    /// Whether a cache cookie may answer for what is not a plain reading.
    fn relaxed(&self) -> Source {
        if self.context.settings.security.strict_cookie_cache {
            Source::Database
        } else {
            Source::Cache
        }
    }
}

/// Makes extractors of functions that ask who sends a request.
macro_rules! extracted {
    ($($extractor:ident by $ask:expr;)+) => { $(
        impl FromRequest for $extractor {
            type Error = ApiError;
            type Future = Extraction<Self>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { $ask(request).await.map(Self) })
            }
        }
    )+ };
}

extracted! {
    CurrentSession by async |request: HttpRequest| current(&request).await;
    Themselves by async |request: HttpRequest| {
        let current = current(&request).await?;
        themselves(&*api_of(&request)?, &current).map(|()| current)
    };
    AdminSession by async |request: HttpRequest| {
        current(&request).await.map_err(|error| match error {
            ApiError::Coded(code, _) if code == codes::UNAUTHORIZED => ApiError::Empty(401),
            error => error,
        })
    };
    CachedSession by async |request: HttpRequest| {
        let source = api_of(&request)?.relaxed();
        required(request, source).await
    };
    CachedFresh by async |request: HttpRequest| {
        let source = api_of(&request)?.relaxed();
        fresh(request, source).await
    };
    OptionalSession by async |request: HttpRequest| {
        let state = api_of(&request)?;
        read(&state, &request, Source::Database, state.refresh()).await
    };
}

macro_rules! sessions {
    ($($extractor:ty),+) => { $(
        impl Deref for $extractor {
            type Target = session::CurrentSession;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    )+ };
}

sessions!(CurrentSession, Themselves, AdminSession);

impl<T> FromRequest for Fresh<T>
where
    T: FromRequest<Error = ApiError> + 'static,
    T::Future: 'static,
{
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (inner, request) = (T::from_request(request, payload), request.clone());
        Box::pin(async move {
            let inner = inner.await?;
            let state = api_of(&request)?;
            require_fresh(&state, &current(&request).await?)?;
            Ok(Self(inner))
        })
    }
}

impl<T> Deref for Fresh<T> {
    type Target = T;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
