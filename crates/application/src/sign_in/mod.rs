//! Issuing sessions: the one way in, whatever the proof.

mod issue;
mod second_factor;

pub use doorward_domain::session::IssuedSession;
pub use issue::{Admission, Rotation, SessionIssuer, SessionRequest, SignInDenied, SignedIn};
pub use second_factor::{Challenge, SecondFactor};
