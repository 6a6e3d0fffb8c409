//! Passwords: policy and hashing.

mod breach;
mod hasher;
mod policy;
mod scheme;
mod secret;

pub use crate::account::PasswordHash;
pub use breach::{BreachCheckUnavailable, BreachedPasswords};
pub use hasher::{HashError, PasswordHasher, Verdict};
pub use policy::{CommonPasswords, LengthUnit, PasswordPolicy, PasswordProblem};
pub use scheme::{Argon2Parameters, HashScheme, WeakParameters, argon2_is_affordable};
pub use secret::Password;

#[cfg(any(test, feature = "mocks"))]
pub use breach::MockBreachedPasswords;
#[cfg(any(test, feature = "mocks"))]
pub use hasher::MockPasswordHasher;
#[cfg(any(test, feature = "mocks"))]
pub use policy::MockCommonPasswords;
