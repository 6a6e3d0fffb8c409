//! Single-use tokens that are sent by email, stored hashed.

mod email_token;
mod entity;
mod purpose;
mod repository;

pub use email_token::{EmailChange, EmailChangeStep, EmailClaims, EmailTokenCodec, EmailTokenError};
pub use entity::Verification;
pub use purpose::{OneTimeToken, Purpose, VerificationKey};
pub use repository::VerificationRepository;

#[cfg(any(test, feature = "mocks"))]
pub use email_token::MockEmailTokenCodec;
#[cfg(any(test, feature = "mocks"))]
pub use repository::MockVerificationRepository;
