use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use doorward_domain::TokenDigest;
use doorward_domain::session::{CacheVersion, Session, SessionCache, SessionToken};
use doorward_domain::user::User;
use moka::sync::Cache;

/// Sessions by the digest of their token, each for a short time and no more than a fixed number of them.
///
/// Any write about sessions or users forgets all of them: the writes are rare, the entries cheap to learn again, and
/// nothing has to be right about whom a write concerns.
pub struct MemorySessionCache {
    entries: Cache<TokenDigest, Entry>,
    /// Counts the writes. Held for reading while an entry is added, so that no write slips in between.
    writes: RwLock<u64>,
    /// The age of the oldest entry that was told, in nanoseconds, where it is measured.
    oldest_hit: Option<AtomicU64>,
}

#[derive(Clone)]
struct Entry {
    found: Arc<(Session, User)>,
    /// Since when it is here, where ages are measured.
    since: Option<Instant>,
}

/// How a session cache is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheLoad {
    /// The sessions in it, about.
    pub entries: u64,
    /// The age of the oldest entry that was ever told, where it is [measured](MemorySessionCache::measured).
    pub oldest_hit: Duration,
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
            oldest_hit: None,
        }
    }

    /// The same cache, which measures how old is what it tells.
    #[must_use]
    pub fn measured(self) -> Self {
        Self {
            oldest_hit: Some(AtomicU64::new(0)),
            ..self
        }
    }

    /// How it is used.
    #[must_use]
    pub fn load(&self) -> CacheLoad {
        self.entries.run_pending_tasks();
        let oldest = self.oldest_hit.as_ref();
        CacheLoad {
            entries: self.entries.entry_count(),
            oldest_hit: Duration::from_nanos(oldest.map_or(0, |oldest| oldest.load(Ordering::Relaxed))),
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
        let Entry { found, since } = self.entries.get(&TokenDigest::of(token.expose()))?;
        if let (Some(oldest), Some(since)) = (&self.oldest_hit, since) {
            let age = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            oldest.fetch_max(age, Ordering::Relaxed);
        }
        Some(found)
    }

    fn ticket(&self) -> CacheVersion {
        CacheVersion(*self.writes.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, ticket: CacheVersion, token: &SessionToken, found: (Session, User)) {
        let writes = self.writes.read().unwrap_or_else(PoisonError::into_inner);
        if *writes == ticket.0 {
            let entry = Entry {
                found: Arc::new(found),
                since: self.oldest_hit.is_some().then(Instant::now),
            };
            self.entries.insert(TokenDigest::of(token.expose()), entry);
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
    fn the_load_tells_how_many_there_are_and_how_old_was_what_was_told() {
        let begin = Instant::now();
        let cache = MemorySessionCache::new(Duration::from_mins(1)).measured();
        cache.put(cache.ticket(), &token(), found());
        let unread = CacheLoad {
            entries: 1,
            oldest_hit: Duration::ZERO,
        };
        assert_eq!(cache.load(), unread);
        assert!(cache.get(&token()).is_some());
        let load = cache.load();
        assert!(load.oldest_hit > Duration::ZERO && load.oldest_hit <= begin.elapsed());
        cache.forget();
        assert_eq!(cache.load(), CacheLoad { entries: 0, ..load });

        let unmeasured = MemorySessionCache::new(Duration::from_mins(1));
        unmeasured.put(unmeasured.ticket(), &token(), found());
        assert!(unmeasured.get(&token()).is_some());
        assert_eq!(unmeasured.load().oldest_hit, Duration::ZERO);
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
