//! Passwords: policy and hashing.

mod breach;
mod hash_form;
mod hasher;
mod policy;
mod refusal_time;
mod scheme;
mod secret;

pub use crate::account::PasswordHash;
pub use breach::{BreachCheckUnavailable, BreachedPasswords};
pub use hash_form::{HashFamily, HashForm};
pub use hasher::{HashError, PasswordHasher, Verdict};
pub use policy::{CommonPasswords, LengthUnit, PasswordPolicy, PasswordProblem};
pub use refusal_time::RefusalTime;
pub use scheme::{Argon2Parameters, HashScheme, WeakParameters, argon2_is_affordable};
pub use secret::Password;

#[cfg(any(test, feature = "mocks"))]
pub use breach::MockBreachedPasswords;
#[cfg(any(test, feature = "mocks"))]
pub use hasher::MockPasswordHasher;
#[cfg(any(test, feature = "mocks"))]
pub use policy::MockCommonPasswords;
