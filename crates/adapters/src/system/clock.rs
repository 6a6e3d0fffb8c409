use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, SubsecRound, Utc};
use doorward_domain::Clock;

/// The clock of this machine. If that is set back, this one goes on at half the speed until it is caught up with: nothing that
/// expired is valid again, and nothing that is waited for stays away (RE-18).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// The process has one clock.
static STEADY: Mutex<Steady> = Mutex::new(Steady(None));
/// A clock that is set back by more than this had been wrong, and is followed: to wait for it would take days.
const FOLLOWED: i64 = 24 * 60 * 60 * 1000;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the Clock port the lint points to"
    )]
    fn now(&self) -> DateTime<Utc> {
        let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
        let wall = Utc::now().trunc_subsecs(3);
        let told = steady.tell(wall.timestamp_millis(), Instant::now());
        DateTime::from_timestamp_millis(told).unwrap_or(wall)
    }
}

/// When the clock of the machine was last followed: what it said, in milliseconds since 1970, and when that was.
struct Steady(Option<(i64, Instant)>);

impl Steady {
    fn tell(&mut self, wall: i64, now: Instant) -> i64 {
        if let Some((followed, at)) = self.0 {
            let passed = now.saturating_duration_since(at).as_millis() / 2;
            let slow = followed.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX));
            if slow > wall && slow.saturating_sub(wall) <= FOLLOWED {
                return slow;
            }
        }
        self.0 = Some((wall, now));
        wall
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_time_has_whole_milliseconds() {
        for _ in 0..100 {
            assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000_000, 0);
        }
    }

    #[test]
    fn re_18_a_clock_that_is_set_back_revives_nothing_and_goes_on() {
        let (begin, mut steady) = (Instant::now(), Steady(None));
        let day = FOLLOWED;
        for (millis, wall, told) in [
            (0, 1_000, 1_000),
            (1_000, 2_000, 2_000),
            (1_000, 500, 2_000),
            // Asked often, it goes on all the same.
            (1_001, 501, 2_000),
            (1_002, 502, 2_001),
            (2_000, 1_500, 2_500),
            (4_000, 3_500, 3_500),
            (5_000, 4_500, 4_500),
            (5_000, 2 * day, 2 * day),
            (5_000, day, 2 * day),
            (5_000, day - 1, day - 1),
            (5_000, day, day),
        ] {
            let now = begin + Duration::from_millis(millis);
            assert_eq!(steady.tell(wall, now), told, "{wall} after {millis} ms");
        }
    }
}
