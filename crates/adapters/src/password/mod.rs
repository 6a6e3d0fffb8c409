//! Passwords hashed on threads of their own, hashes of other servers verified, common passwords known.

mod argon2id;
mod better_auth;
mod block_pool;
mod breach;
mod common;
mod hasher;
mod imported;
mod pepper;
mod pool;
mod stored;

#[cfg(feature = "parsers")]
pub mod parsers;

pub use breach::RangeQuery;
pub use common::CommonPasswordList;
pub use hasher::{HasherError, HasherSettings, PooledHasher};
pub use pepper::{InvalidPepper, Pepper, Peppers};
pub use pool::HashLoad;

/// Why a hash could not be computed, whatever the password.
type HashingError = doorward_domain::BoxError;
