use std::sync::Arc;

use super::{Session, SessionToken};
use crate::user::User;

/// The version of the cache when a read began. The result may be cached only if nothing was written since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheVersion(pub u64);

/// A cache of sessions by token, for a short, configured time, so that most reads of a session need no query.
///
/// A write by the same process MUST invalidate the cache before it is acknowledged. A write by another process takes effect
/// when the entry expires, which bounds how long a revoked session is accepted elsewhere (SE-5, RE-16). Bounded in size.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SessionCache: Send + Sync {
    /// The cached session of this token.
    fn get(&self, token: &SessionToken) -> Option<Arc<(Session, User)>>;

    /// The current version, to be read before the store is queried.
    fn ticket(&self) -> CacheVersion;

    /// Caches a result of the store, unless something was written since `version`.
    fn put(&self, ticket: CacheVersion, token: &SessionToken, found: (Session, User));
}

/// A cache that is always empty.
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
