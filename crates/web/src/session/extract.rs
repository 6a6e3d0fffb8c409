//! Extractors: a handler that names one of these in its signature runs only for somebody who is signed in.

use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use doorward_application::session::{ActiveSession, Refresh};
use doorward_domain::{Actor, RequestContext};

use super::codes::{IMPERSONATION_FORBIDS, SESSION_NOT_FRESH};
use super::read::{Source, read};
use crate::AppState;
use crate::error::ApiError;
use crate::error::codes::UNAUTHORIZED;

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The session of whoever sends the request, read from the database; 401 without one.
///
/// It is the session of the person themselves: an administrator who impersonates them gets 403 with the code
/// `IMPERSONATION_FORBIDS`, where `security.restrict_impersonation` says so (AC-6). A handler that an impersonating
/// administrator may call says so by [`EvenImpersonated`].
#[derive(Clone, Debug)]
pub struct CurrentSession(Caller);

/// As [`CurrentSession`], but without one the 401 has no body, as in Better Auth's admin plugin, and an impersonation is left
/// to the use-case, which asks for permissions an impersonation has not.
#[derive(Clone, Debug)]
pub(crate) struct AdminSession(Caller);

/// What another extractor answers, also for an administrator who impersonates the user: `EvenImpersonated<CurrentUser>`.
///
/// The exception from the rule of [`CurrentSession`]. It holds for every extractor in the same signature.
#[derive(Clone, Debug)]
pub struct EvenImpersonated<T>(pub T);

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
pub(crate) struct CachedSession(Caller);

/// The session of somebody who signed in recently; a valid cache cookie may answer where `Security::strict_cookie_cache` allows it.
#[derive(Clone, Debug)]
pub(crate) struct CachedFresh(Caller);

/// The session of whoever sends the request, if they are signed in.
#[derive(Clone, Debug)]
pub(crate) struct OptionalSession {
    request: RequestContext,
    active: Option<Arc<ActiveSession>>,
}

/// A signed-in caller, and the context of what they ask.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    request: RequestContext,
    pub(crate) active: Arc<ActiveSession>,
}

impl Caller {
    /// Who turned out to send this request.
    fn new(request: RequestContext, active: ActiveSession) -> Self {
        let active = Arc::new(active);
        Self {
            request: request.with_actor(Actor::User(active.clone())),
            active,
        }
    }
}

impl Caller {
    /// The context of the request.
    pub(crate) const fn request(&self) -> &RequestContext {
        &self.request
    }
}

impl OptionalSession {
    /// The context of the request.
    pub(crate) const fn request(&self) -> &RequestContext {
        &self.request
    }

    /// The session, if there is one.
    pub(crate) fn active(&self) -> Option<&ActiveSession> {
        self.active.as_deref()
    }
}

/// The handler of this request may be called by an impersonating administrator.
struct ImpersonationAllowed;

/// Refuses an administrator who impersonates the user (AC-6), unless the handler made an exception.
fn refuse_impersonation(
    state: &AppState,
    request: &HttpRequest,
    active: &ActiveSession,
) -> Result<(), ApiError> {
    let excepted = request.extensions().get::<ImpersonationAllowed>().is_some();
    if excepted || state.context.has_own_rights(active) {
        Ok(())
    } else {
        Err(IMPERSONATION_FORBIDS.into())
    }
}

/// Who sends the request, read from the database once however many ask; 401 for nobody.
pub(crate) async fn current(request: &HttpRequest) -> Result<Caller, ApiError> {
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
struct Known(Caller);

pub(crate) fn api_of(request: &HttpRequest) -> Result<Data<AppState>, ApiError> {
    let missing = || ApiError::Internal("the application was set up without its AppState".into());
    request.app_data::<Data<AppState>>().cloned().ok_or_else(missing)
}

async fn required(request: HttpRequest, source: Source) -> Result<Caller, ApiError> {
    let state = api_of(&request)?;
    let (request, active) = read(&state, &request, source, AppState::refresh(&state)).await?;
    let active = active.ok_or_else(|| ApiError::from(UNAUTHORIZED))?;
    Ok(Caller::new(request, active))
}

async fn fresh(request: HttpRequest, source: Source) -> Result<Caller, ApiError> {
    let state = api_of(&request)?;
    let current = required(request, source).await?;
    require_fresh(&state, &current.active).map(|()| current)
}

fn require_fresh(state: &AppState, current: &ActiveSession) -> Result<(), ApiError> {
    let context = &state.context;
    if context.settings.session.is_fresh(&current.session, context.now()) {
        Ok(())
    } else {
        Err(SESSION_NOT_FRESH.into())
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

async fn caller(
    request: &HttpRequest,
    ask: impl Future<Output = Result<Caller, ApiError>>,
) -> Result<Caller, ApiError> {
    let (state, caller) = (api_of(request)?, ask.await?);
    refuse_impersonation(&state, request, &caller.active)?;
    Ok(caller)
}

extracted! {
    CurrentSession by async |request: HttpRequest| caller(&request, current(&request)).await;
    AdminSession by async |request: HttpRequest| {
        current(&request).await.map_err(|error| match error {
            ApiError::Coded(code, _) if code == UNAUTHORIZED => ApiError::Empty(401),
            error => error,
        })
    };
    CachedSession by async |request: HttpRequest| {
        let source = api_of(&request)?.relaxed();
        caller(&request, required(request.clone(), source)).await
    };
    CachedFresh by async |request: HttpRequest| {
        let source = api_of(&request)?.relaxed();
        caller(&request, fresh(request.clone(), source)).await
    };
}

impl FromRequest for OptionalSession {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = api_of(&request)?;
            let (context, active) = read(&state, &request, Source::Database, state.refresh()).await?;
            let Some(active) = active else {
                return Ok(Self {
                    request: context,
                    active: None,
                });
            };
            refuse_impersonation(&state, &request, &active)?;
            let Caller { request, active } = Caller::new(context, active);
            Ok(Self {
                request,
                active: Some(active),
            })
        })
    }
}

macro_rules! sessions {
    ($($visibility:vis $extractor:ty),+) => { $(
        impl Deref for $extractor {
            type Target = ActiveSession;

            fn deref(&self) -> &Self::Target {
                &self.0.active
            }
        }

        impl $extractor {
            /// Who asks, from where, and under which id: what use-cases want to know.
            #[must_use]
            $visibility const fn request(&self) -> &RequestContext {
                &self.0.request
            }
        }
    )+ };
}

sessions! {
    pub CurrentSession,
    pub(crate) AdminSession,
    pub(crate) CachedSession,
    pub(crate) CachedFresh
}

impl<T> FromRequest for EvenImpersonated<T>
where
    T: FromRequest<Error = ApiError> + 'static,
    T::Future: 'static,
{
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        request.extensions_mut().insert(ImpersonationAllowed);
        let inner = T::from_request(request, payload);
        Box::pin(async move { inner.await.map(Self) })
    }
}

impl<T> Deref for EvenImpersonated<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

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
            require_fresh(&state, &current(&request).await?.active)?;
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
