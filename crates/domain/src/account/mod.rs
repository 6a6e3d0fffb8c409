//! A way for a user to sign in: a password, or an identity at another provider.

mod entity;
mod password_hash;
mod repository;

pub use entity::{Account, CREDENTIAL_PROVIDER};
pub use password_hash::PasswordHash;
pub use repository::{AccountRepository, Unlinked};

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockAccountRepository;
