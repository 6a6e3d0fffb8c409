use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::StoreError;

/// The longest window of a limit. What was last used before that may be forgotten.
pub const LONGEST_WINDOW: TimeDelta = TimeDelta::days(1);

/// At most so many requests, each of which comes less than a window after the one before.
///
/// The arithmetic is Better Auth's: the window runs from the last request that was let through. A request within it counts,
/// and the window begins anew; one that is blocked does neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimit {
    /// Most requests.
    pub max: u32,
    /// How long the window is.
    pub window: TimeDelta,
}

/// What is known of the requests under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requests {
    /// How many were let through.
    pub count: u32,
    /// When the last of them was.
    pub last: DateTime<Utc>,
}

/// Whether a request is let through.
#[must_use = "a request that is blocked must not be served"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is, and was counted.
    Allowed,
    /// It is not, and was not counted.
    Blocked {
        /// When the next one is let through, from now on.
        retry_after: TimeDelta,
    },
}

impl RequestLimit {
    /// Decides on a request, and answers what is known after it.
    ///
    /// A request that is known to come later than now is as far away as one before now: of two nodes the clock of one is ahead,
    /// and a clock that was set back keeps nobody out for longer than the window.
    pub fn decide(self, known: Option<Requests>, now: DateTime<Utc>) -> (Requests, Decision) {
        let recent = known.filter(|known| (now - known.last).abs() < self.window);
        match recent {
            Some(known) if known.count >= self.max => (known, self.blocked(known.last, now)),
            recent => {
                let before = recent.map_or(0, |known| known.count);
                let count = before.saturating_add(1);
                (Requests { count, last: now }, Decision::Allowed)
            }
        }
    }

    /// The answer to a request within the window of the last one that was let through.
    pub fn blocked(self, last: DateTime<Utc>, now: DateTime<Utc>) -> Decision {
        let left = last + self.window - now;
        Decision::Blocked {
            retry_after: left.clamp(TimeDelta::milliseconds(1), self.window),
        }
    }
}

/// The seconds of a duration, rounded up, and one at least: what the header `Retry-After` holds.
#[must_use]
pub fn whole_seconds(duration: TimeDelta) -> u64 {
    let millis = duration.num_milliseconds().max(1).unsigned_abs();
    millis.div_ceil(1000)
}

/// Counts requests and blocks those that are too many.
///
/// It answers at all times: one whose store is out of reach counts by itself meanwhile.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts a request under this key, unless it is one too many. Looking and counting MUST be one step: of any number of
    /// concurrent requests no more are let through than the limit says.
    async fn take(&self, key: &str, limit: RequestLimit, now: DateTime<Utc>) -> Decision;

    /// Forgets at most `limit` keys that were last used before this moment, and answers how many it forgot.
    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(max: u32, seconds: i64) -> RequestLimit {
        RequestLimit {
            max,
            window: TimeDelta::seconds(seconds),
        }
    }

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_767_225_600_000 + millis).unwrap()
    }

    /// What is let through of requests at these moments.
    fn passed(limit: RequestLimit, moments: &[i64]) -> Vec<bool> {
        let mut known = None;
        let mut passed = Vec::new();
        for moment in moments {
            let (after, decision) = limit.decide(known, at(*moment));
            known = Some(after);
            passed.push(decision == Decision::Allowed);
        }
        passed
    }

    #[test]
    fn rl_1_the_window_runs_from_the_last_request_let_through() {
        let ten = limit(3, 10);
        assert_eq!(
            passed(ten, &[0, 1, 2, 3, 10_001]),
            [true, true, true, false, false],
            "ten seconds from the third"
        );
        assert_eq!(
            passed(ten, &[0, 1, 2, 10_002]),
            [true, true, true, true],
            "a blocked request does not move the window"
        );
        assert_eq!(
            passed(ten, &[0, 9_000, 18_000, 27_000]),
            [true, true, true, false],
            "a request within the window counts up, although the first is long ago"
        );
        assert_eq!(passed(ten, &[0, 10_000, 20_000, 30_000, 40_000]), [true; 5]);
    }

    #[test]
    fn rl_1_the_answer_says_when_to_come_back_in_whole_seconds() {
        let three = limit(3, 10);
        let known = Requests {
            count: 3,
            last: at(0),
        };
        for (now, expected) in [(0, 10), (1, 10), (1_000, 9), (9_001, 1), (9_999, 1)] {
            let (_, decision) = three.decide(Some(known), at(now));
            let Decision::Blocked { retry_after } = decision else {
                panic!("{now}: {decision:?}");
            };
            assert_eq!(whole_seconds(retry_after), expected, "{now}");
        }
        let (after, decision) = three.decide(Some(known), at(10_000));
        assert_eq!((after.count, decision), (1, Decision::Allowed));
    }

    #[test]
    fn re_18_a_clock_that_was_set_back_keeps_nobody_out_for_longer_than_the_window() {
        let three = limit(3, 10);
        let known = Requests {
            count: 3,
            last: at(0),
        };
        let (_, near) = three.decide(Some(known), at(-9_000));
        let window = three.window;
        assert_eq!(near, Decision::Blocked { retry_after: window });
        assert_eq!(three.decide(Some(known), at(-3_600_000)).1, Decision::Allowed);
    }

    proptest! {
        /// Any run of requests without a gap of a window has at most `max` that were let through.
        #[test]
        fn rl_1_no_more_pass_than_the_limit_says(
            gaps in prop::collection::vec(0_i64..15_000, 1..80), max in 1_u32..6, seconds in 1_i64..12
        ) {
            let limit = limit(max, seconds);
            let moments: Vec<_> = gaps.iter().scan(0, |moment, gap| { *moment += gap; Some(*moment) }).collect();
            let passed = passed(limit, &moments);
            let mut run = 0;
            let mut last = None;
            for (moment, passed) in moments.iter().zip(passed) {
                if !passed {
                    continue;
                }
                let within = last.is_some_and(|last| moment - last < seconds * 1000);
                run = if within { run + 1 } else { 1 };
                last = Some(*moment);
                prop_assert!(run <= max);
            }
        }
    }
}
