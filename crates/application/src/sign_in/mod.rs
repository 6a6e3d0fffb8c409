//! Session issuing, after every kind of authentication.

mod issue;
mod second_factor;

pub use doorward_domain::session::IssuedSession;
pub use issue::{Admission, Banned, Rotation, SessionIssuer, SessionRequest, SignInDenied, SignedIn};
pub use second_factor::{Challenge, SecondFactor};
