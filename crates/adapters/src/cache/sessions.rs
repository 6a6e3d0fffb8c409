use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use doorward_domain::TokenDigest;
use doorward_domain::session::{CacheVersion, Session, SessionCache, SessionToken};
use doorward_domain::user::User;
use moka::sync::Cache;

/// Sessions by the digest of their token, each for a short time and no more than a fixed number of them.
///
/// Any write about sessions or users forgets all of them: the writes are rare, the entries cheap to learn again, and
/// nothing has to be right about whom a write concerns.
pub struct MemorySessionCache {
    entries: Cache<TokenDigest, Arc<(Session, User)>>,
    /// Counts the writes. Held for reading while an entry is added, so that no write slips in between.
    writes: RwLock<u64>,
}

impl MemorySessionCache {
    /// The most sessions remembered.
    const CAPACITY: u64 = 10_000;

    /// A cache that believes an entry for `max_age`.
    #[must_use]
    pub fn new(max_age: Duration) -> Self {
        Self {
            entries: Cache::builder()
                .max_capacity(Self::CAPACITY)
                .time_to_live(max_age)
                .build(),
            writes: RwLock::new(0),
        }
    }

    /// To be called after a write and before it is acknowledged.
    pub(super) fn forget(&self) {
        // The counter is valid even if a thread panicked while holding it.
        let mut writes = self.writes.write().unwrap_or_else(PoisonError::into_inner);
        *writes = writes.wrapping_add(1);
        self.entries.invalidate_all();
    }
}

impl SessionCache for MemorySessionCache {
    fn get(&self, token: &SessionToken) -> Option<Arc<(Session, User)>> {
        self.entries.get(&TokenDigest::of(token.expose()))
    }

    fn ticket(&self) -> CacheVersion {
        CacheVersion(*self.writes.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, ticket: CacheVersion, token: &SessionToken, found: (Session, User)) {
        let writes = self.writes.read().unwrap_or_else(PoisonError::into_inner);
        if *writes == ticket.0 {
            self.entries
                .insert(TokenDigest::of(token.expose()), Arc::new(found));
        }
    }
}

#[cfg(test)]
mod tests {
    use doorward_testing::samples;

    use super::*;

    fn token() -> SessionToken {
        SessionToken::parse("abc").unwrap()
    }

    fn found() -> (Session, User) {
        let user = samples::user("ada");
        (samples::session(&user, "abc"), user)
    }

    #[test]
    fn what_was_learnt_is_told_until_something_is_written() {
        let cache = MemorySessionCache::new(Duration::from_mins(1));
        cache.put(cache.ticket(), &token(), found());
        assert_eq!(cache.get(&token()).as_deref(), Some(&found()));
        cache.forget();
        assert_eq!(cache.get(&token()), None);
    }

    #[test]
    fn se_5_an_answer_from_before_a_write_is_not_remembered() {
        let cache = MemorySessionCache::new(Duration::from_mins(1));
        let ticket = cache.ticket();
        cache.forget();
        cache.put(ticket, &token(), found());
        assert_eq!(cache.get(&token()), None);
    }
}
