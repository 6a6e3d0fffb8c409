use chrono::{DateTime, TimeDelta, Utc};

/// How far the clocks of two servers of one database may differ (RE-16). What expired is believed no more at once, and removed
/// after this time: until then another server may still believe it.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(5);

/// The wall clock. Nothing else in Doorward reads the time.
///
/// Implementations MUST truncate to whole milliseconds, the precision of the wire and of every database,
/// so that a value survives a round trip through either. They SHOULD neither go back nor stand still when the clock of the machine is set
/// back: what expired would be valid again, and who waits would wait for as long as that (RE-18).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present moment, in UTC.
    fn now(&self) -> DateTime<Utc>;
}
