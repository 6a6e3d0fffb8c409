//! Issuing sessions: the one way in, whatever the proof.

mod issue;
mod second_factor;

pub use issue::{Admission, IssuedSession, Rotation, SessionIssuer, SessionRequest, SignInDenied};
pub use second_factor::{Challenge, SecondFactor};
