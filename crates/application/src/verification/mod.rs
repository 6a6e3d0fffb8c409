//! Verification of email addresses.

mod cancel;
mod claims;
mod links;
mod send;
mod verify;

pub(crate) use cancel::{cancel_all_links, cancel_links};
pub(crate) use claims::Binding;
pub use links::VerificationLinks;
pub use send::{SendVerificationEmail, SendVerificationError};
pub use verify::{Verified, VerifyEmail, VerifyEmailError, VerifyEmailInput};
