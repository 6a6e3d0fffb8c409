//! Limits on what may be tried again and again.

mod attempts;

pub use attempts::TooManyAttempts;
pub(crate) use attempts::{Attempt, AttemptError, AttemptLimiter};
