use chrono::{DateTime, TimeDelta, Utc};

/// `[audit]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// How long audit events are kept; zero: for ever (AU-2).
    pub retention: TimeDelta,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            retention: TimeDelta::days(365),
        }
    }
}

impl Audit {
    /// The moment before which events are removed; none if they are kept for ever.
    #[must_use]
    pub fn purged_before(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.retention.is_zero() {
            return None;
        }
        now.checked_sub_signed(self.retention)
    }
}
