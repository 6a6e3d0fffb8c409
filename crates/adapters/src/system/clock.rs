use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, Utc};
use doorward_domain::Clock;

/// The clock of this machine. If that is set back, this one stands still until it is caught up with, so that nothing that expired
/// is valid again (RE-18).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// The latest time that was told, in milliseconds. The process has one clock.
static LATEST: AtomicI64 = AtomicI64::new(i64::MIN);
/// A clock that is set back by more than this had been wrong, and is followed: to wait for it would stop the time for days.
const FOLLOWED: i64 = 24 * 60 * 60 * 1000;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the Clock port the lint points to"
    )]
    fn now(&self) -> DateTime<Utc> {
        let wall = Utc::now().trunc_subsecs(3);
        let told = steady(&LATEST, wall.timestamp_millis());
        DateTime::from_timestamp_millis(told).unwrap_or(wall)
    }
}

fn steady(latest: &AtomicI64, wall: i64) -> i64 {
    let before = latest.fetch_max(wall, Ordering::Relaxed);
    if before.saturating_sub(wall) > FOLLOWED {
        latest.store(wall, Ordering::Relaxed);
        return wall;
    }
    before.max(wall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_whole_milliseconds() {
        for _ in 0..100 {
            assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000_000, 0);
        }
    }

    #[test]
    fn re_18_a_clock_that_is_set_back_revives_nothing() {
        let latest = AtomicI64::new(i64::MIN);
        let day = FOLLOWED;
        for (wall, told) in [
            (1_000, 1_000),
            (2_000, 2_000),
            (500, 2_000),
            (1_999, 2_000),
            (2_001, 2_001),
            (2 * day, 2 * day),
            (day, 2 * day),
            (day - 1, day - 1),
            (day, day),
        ] {
            assert_eq!(steady(&latest, wall), told, "{wall}");
        }
    }
}
