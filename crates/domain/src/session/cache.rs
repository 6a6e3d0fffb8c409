use std::sync::Arc;

use super::{Session, SessionToken};
use crate::user::User;

/// The moment a reader began to ask the store. What it learns may be cached only if nothing was written since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheVersion(pub u64);

/// Remembers for a short, configured time whose session a token is, so that the most frequent question needs no query.
///
/// A write through the same process MUST be noticed before it is acknowledged; writes of others are noticed when the time
/// is over, which bounds how long a revoked session can live on elsewhere (SE-5, RE-16). Bounded in size.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SessionCache: Send + Sync {
    /// What is remembered of this token.
    fn get(&self, token: &SessionToken) -> Option<Arc<(Session, User)>>;

    /// To be called before the store is asked.
    fn ticket(&self) -> CacheVersion;

    /// Remembers an answer of the store, unless something was written since the ticket was drawn.
    fn put(&self, ticket: CacheVersion, token: &SessionToken, found: (Session, User));
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSessionCache;

impl SessionCache for NoSessionCache {
    fn get(&self, _: &SessionToken) -> Option<Arc<(Session, User)>> {
        None
    }

    fn ticket(&self) -> CacheVersion {
        CacheVersion(0)
    }

    fn put(&self, _: CacheVersion, _: &SessionToken, _: (Session, User)) {}
}
