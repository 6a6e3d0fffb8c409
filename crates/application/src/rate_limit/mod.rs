//! Limits on what may be tried again and again.

mod attempts;
mod in_flight;

pub use attempts::TooManyAttempts;
pub(crate) use attempts::{Attempt, AttemptError, AttemptLimiter};
pub use in_flight::AttemptsInFlight;
