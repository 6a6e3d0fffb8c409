//! Verification of email addresses.

mod claims;
mod links;
mod send;
mod verify;

pub(crate) use claims::Binding;
pub use links::VerificationLinks;
pub use send::{SendVerificationEmail, SendVerificationError};
pub use verify::{Verified, VerifyEmail, VerifyEmailError, VerifyEmailInput};
