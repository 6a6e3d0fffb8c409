//! Showing that an address is one's own.

mod claims;
mod links;
mod send;
mod verify;

pub(crate) use claims::Binding;
pub use links::VerificationLinks;
pub use send::{SendVerificationEmail, SendVerificationError};
pub use verify::{Verified, VerifyEmail, VerifyEmailError, VerifyEmailInput};
