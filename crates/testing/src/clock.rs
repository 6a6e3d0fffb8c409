use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::Clock;

use crate::samples;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    /// A clock that shows this moment.
    #[must_use]
    pub const fn at(moment: DateTime<Utc>) -> Self {
        Self(Mutex::new(moment))
    }

    /// Moves the clock; also backwards.
    pub fn advance(&self, duration: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }
}

/// Shows the moment all [`samples`] are from.
impl Default for FixedClock {
    fn default() -> Self {
        Self::at(samples::now())
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
