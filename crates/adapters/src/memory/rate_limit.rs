use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::StoreError;
use doorward_domain::rate_limit::{Decision, RateLimiter, RequestLimit, Requests};
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

/// A rate limiter in memory, of this process alone. It keeps the keys that were used last (RL-8).
pub struct MemoryRateLimiter {
    keys: Cache<String, Requests>,
}

impl MemoryRateLimiter {
    /// Most keys.
    pub const MOST_KEYS: u64 = 100_000;

    /// A limiter that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::of_at_most(Self::MOST_KEYS)
    }

    fn of_at_most(keys: u64) -> Self {
        let keys = Cache::builder()
            .max_capacity(keys)
            // The default prefers keys that are used often, and would not count those that are new.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { keys }
    }
}

impl Default for MemoryRateLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRateLimiter")
            .field("keys", &self.keys.entry_count())
            .finish()
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn take(&self, key: &str, limit: RequestLimit, now: DateTime<Utc>) -> Decision {
        let mut answer = Decision::Allowed;
        // Calls for one key come one after the other.
        self.keys.entry_by_ref(key).and_compute_with(|entry| {
            let known = entry.map(|entry| *entry.value());
            let (requests, decision) = limit.decide(known, now);
            answer = decision;
            match decision {
                Decision::Allowed => Op::Put(requests),
                Decision::Blocked { .. } => Op::Nop,
            }
        });
        answer
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let old = self.keys.iter().filter(|(_, requests)| requests.last < before);
        let old: Vec<_> = old.map(|(key, _)| key).take(most).collect();
        let mut removed = 0;
        for key in old {
            // One that was used meanwhile stays.
            let outcome = self
                .keys
                .entry_by_ref(&*key)
                .and_compute_with(|entry| match entry {
                    Some(entry) if entry.value().last < before => Op::Remove,
                    _ => Op::Nop,
                });
            removed += u64::from(matches!(outcome, moka::ops::compute::CompResult::Removed(_)));
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const LIMIT: RequestLimit = RequestLimit {
        max: 1,
        window: TimeDelta::hours(1),
    };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + second, 0).unwrap()
    }

    #[tokio::test]
    async fn rl_8_the_keys_used_last_are_kept_and_no_more_than_allowed() {
        let limiter = MemoryRateLimiter::of_at_most(100);
        for number in 0..10_000 {
            let decision = limiter.take(&format!("key-{number}"), LIMIT, at(0)).await;
            assert_eq!(decision, Decision::Allowed, "a new key is always counted");
            limiter.keys.run_pending_tasks();
            assert!(limiter.keys.entry_count() <= 100);
        }
        for number in 9_900..10_000 {
            let decision = limiter.take(&format!("key-{number}"), LIMIT, at(1)).await;
            assert!(matches!(decision, Decision::Blocked { .. }), "{number}");
        }
        assert_eq!(limiter.take("key-0", LIMIT, at(1)).await, Decision::Allowed);
    }

    #[tokio::test]
    async fn rl_8_a_flood_of_new_keys_is_bounded_without_anybody_sweeping() {
        let limiter = MemoryRateLimiter::of_at_most(100);
        for number in 0..20_000 {
            let decision = limiter.take(&format!("key-{number}"), LIMIT, at(0)).await;
            assert_eq!(decision, Decision::Allowed);
        }
        // What is inserted is counted a little later, in bounded batches.
        assert!(limiter.keys.iter().count() < 2_000);
    }
}
