//! Extractors: a handler that names one of these in its signature runs only for somebody who is signed in.

use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use doorward_application::session::{self, Refresh};

use super::read::{Source, read};
use crate::Api;
use crate::error::{ApiError, codes};

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The session of whoever sends the request, read from the database; 401 without one.
#[derive(Clone, Debug)]
pub struct CurrentSession(pub session::CurrentSession);

/// The session of whoever sends the request, who signed in recently (`session.fresh_age`); 401 or 403 otherwise.
#[derive(Clone, Debug)]
pub struct Fresh(pub session::CurrentSession);

/// As [`CurrentSession`], but a valid cache cookie may answer where `Security::strict_cookie_cache` allows it.
#[derive(Clone, Debug)]
pub(crate) struct CachedSession(pub(crate) session::CurrentSession);

/// As [`Fresh`], but a valid cache cookie may answer where `Security::strict_cookie_cache` allows it.
#[derive(Clone, Debug)]
pub(crate) struct CachedFresh(pub(crate) session::CurrentSession);

/// The session of whoever sends the request, if they are signed in.
#[derive(Clone, Debug)]
pub(crate) struct MaybeSession(pub(crate) Option<session::CurrentSession>);

fn api(request: &HttpRequest) -> Result<Data<Api>, ApiError> {
    let missing = || ApiError::Internal("the application was set up without its Api".into());
    request.app_data::<Data<Api>>().cloned().ok_or_else(missing)
}

async fn required(request: HttpRequest, source: Source) -> Result<session::CurrentSession, ApiError> {
    let api = api(&request)?;
    let current = read(&api, &request, source, Api::refresh(&api)).await?;
    current.ok_or_else(|| codes::UNAUTHORIZED.into())
}

async fn fresh(request: HttpRequest, source: Source) -> Result<session::CurrentSession, ApiError> {
    let api = api(&request)?;
    let current = required(request, source).await?;
    let context = &api.context;
    if context.settings.session.is_fresh(&current.session, context.now()) {
        Ok(current)
    } else {
        Err(codes::SESSION_NOT_FRESH.into())
    }
}

impl Api {
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

impl FromRequest for CurrentSession {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { required(request, Source::Database).await.map(Self) })
    }
}

impl FromRequest for Fresh {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { fresh(request, Source::Database).await.map(Self) })
    }
}

impl FromRequest for CachedSession {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let source = api(&request)?.relaxed();
            required(request, source).await.map(Self)
        })
    }
}

impl FromRequest for CachedFresh {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let source = api(&request)?.relaxed();
            fresh(request, source).await.map(Self)
        })
    }
}

impl FromRequest for MaybeSession {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let api = api(&request)?;
            read(&api, &request, Source::Database, api.refresh())
                .await
                .map(Self)
        })
    }
}

impl Deref for CurrentSession {
    type Target = session::CurrentSession;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for Fresh {
    type Target = session::CurrentSession;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
