use chrono::{DateTime, Utc};

/// The wall clock. Nothing else in Doorward reads the time.
///
/// Implementations MUST truncate to whole milliseconds, the precision of the wire and of every database,
/// so that a value survives a round trip through either.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present moment, in UTC.
    fn now(&self) -> DateTime<Utc>;
}
