//! Promises of every [`RateLimiter`], as tests that any implementation can run against itself.
//!
//! ```
//! use std::sync::Arc;
//!
//! use doorward_adapters::memory::MemoryRateLimiter;
//! use doorward_testing::contract::TestLimiter;
//!
//! /// A limiter that has seen nothing, or none where it cannot be tested.
//! async fn make() -> Option<TestLimiter> {
//!     Some(TestLimiter::new(Arc::new(MemoryRateLimiter::new()), ()))
//! }
//!
//! doorward_testing::rate_limiter_contract!(make);
//! ```

use std::any::Any;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::rate_limit::{Decision, RateLimiter, RequestLimit};
use futures_util::future::join_all;

use crate::samples::at;

/// A limiter under test, and what has to live as long as it.
pub struct TestLimiter {
    /// The limiter.
    pub limiter: Arc<dyn RateLimiter>,
    keep: Box<dyn Any + Send>,
}

impl TestLimiter {
    /// A limiter that needs `keep` to stay.
    pub fn new(limiter: Arc<dyn RateLimiter>, keep: impl Any + Send) -> Self {
        Self {
            limiter,
            keep: Box::new(keep),
        }
    }

    /// Ends the test: the limiter first, then what it needed.
    pub fn close(self) {
        let Self { limiter, keep } = self;
        drop(limiter);
        drop(keep);
    }
}

/// Makes one test of each promise. The argument is an async function that answers an `Option` of [`TestLimiter`].
#[macro_export]
macro_rules! rate_limiter_contract {
    ($make:ident) => {
        $crate::rate_limiter_contract! { @promises $make;
            rl_1_the_window_runs_from_the_last_request_let_through, rl_1_keys_are_apart,
            rl_1_of_many_at_once_no_more_pass, re_18_a_clock_that_was_set_back_blocks_for_no_longer_than_the_window,
            purge
        }
    };
    (@promises $make:ident; $($promise:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $promise() {
            if let Some(test) = $make().await {
                $crate::contract::rate_limiters::$promise(test.limiter.clone()).await;
                test.close();
            }
        })+
    };
}

const THREE: RequestLimit = RequestLimit {
    max: 3,
    window: TimeDelta::seconds(10),
};

fn millis(millis: i64) -> DateTime<Utc> {
    at(0) + TimeDelta::milliseconds(millis)
}

/// Milliseconds to wait, or 0 for a request that is let through.
async fn wait(limiter: &Arc<dyn RateLimiter>, key: &str, now: i64) -> i64 {
    match limiter.take(key, THREE, millis(now)).await {
        Decision::Allowed => 0,
        Decision::Blocked { retry_after } => retry_after.num_milliseconds(),
    }
}

/// A request within the window counts and moves it, a blocked one does neither.
pub async fn rl_1_the_window_runs_from_the_last_request_let_through(limiter: Arc<dyn RateLimiter>) {
    for (now, expected) in [
        (0, 0),
        (9_999, 0),
        (19_000, 0),
        (19_000, 10_000),
        (28_999, 1),
        (29_000, 0),
        (29_001, 0),
        (29_002, 0),
        (29_003, 9_999),
    ] {
        assert_eq!(wait(&limiter, "192.0.2.1|/x", now).await, expected, "{now}");
    }
}

/// What is counted under one key is not counted under another.
pub async fn rl_1_keys_are_apart(limiter: Arc<dyn RateLimiter>) {
    for _ in 0..3 {
        assert_eq!(wait(&limiter, "192.0.2.1|/x", 0).await, 0);
    }
    for key in [
        "192.0.2.2|/x",
        "192.0.2.1|/y",
        "",
        "192.0.2.1|/X",
        "192.0.2.1|/x ",
    ] {
        assert_eq!(wait(&limiter, key, 0).await, 0, "{key}");
    }
    assert_eq!(wait(&limiter, "192.0.2.1|/x", 0).await, 10_000);
}

/// Looking and counting are one step.
pub async fn rl_1_of_many_at_once_no_more_pass(limiter: Arc<dyn RateLimiter>) {
    let one = |_| {
        let limiter = limiter.clone();
        tokio::spawn(async move { wait(&limiter, "192.0.2.1|/x", 0).await })
    };
    let waits = join_all((0..50).map(one)).await;
    let passed = waits.into_iter().filter(|wait| *wait.as_ref().unwrap() == 0);
    assert_eq!(passed.count(), 3);
}

/// What was counted in a future that never came is forgotten.
pub async fn re_18_a_clock_that_was_set_back_blocks_for_no_longer_than_the_window(
    limiter: Arc<dyn RateLimiter>,
) {
    for _ in 0..3 {
        assert_eq!(wait(&limiter, "192.0.2.1|/x", 0).await, 0);
    }
    assert_eq!(wait(&limiter, "192.0.2.1|/x", -5_000).await, 10_000);
    assert_eq!(wait(&limiter, "192.0.2.1|/x", -3_600_000).await, 0);
}

/// What was not used for long goes, a few at a time.
pub async fn purge(limiter: Arc<dyn RateLimiter>) {
    for (key, now) in [("a", 0), ("b", 1), ("c", 2), ("d", 5_000)] {
        for _ in 0..3 {
            assert_eq!(wait(&limiter, key, now).await, 0);
        }
    }
    let mut purged = Vec::new();
    for _ in 0..3 {
        purged.push(limiter.purge(millis(5_000), 2).await.unwrap());
    }
    assert_eq!(purged, [2, 1, 0]);
    assert_eq!(wait(&limiter, "a", 5_000).await, 0);
    assert_ne!(wait(&limiter, "d", 5_000).await, 0, "it is there");
}
