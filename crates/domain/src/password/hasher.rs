use async_trait::async_trait;

use super::{Password, PasswordHash};
use crate::BoxError;

/// The result of verifying a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They match, and the hash is as strong as a new one would be.
    Match,
    /// They match, but the hash is outdated: a new one has another algorithm or cost (PW-3). It needs a rehash.
    MatchOutdated,
    /// They do not match, or there was no hash.
    Mismatch,
}

impl Verdict {
    /// Whether the password is right.
    #[must_use]
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Match | Self::MatchOutdated)
    }
}

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The queue is full (RE-8). Trying again in a moment may help.
    #[error("too many passwords are being hashed")]
    Busy,
    /// Anything else.
    #[error("hashing failed")]
    Failed(#[source] BoxError),
}

/// Hashes passwords, off the threads that answer requests.
///
/// Implementations MUST run a bounded number of computations at a time and answer [`HashError::Busy`] instead
/// of queueing without bound (RE-7, RE-8).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes with a new random salt and the present parameters.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError>;

    /// Verifies a password. Without a hash it MUST take as long as with a new hash and answer [`Verdict::Mismatch`], so that
    /// timing does not reveal whether the user exists (EN-3). A stored hash of unknown form is a mismatch as well.
    async fn verify<'a>(
        &self,
        password: &Password,
        hash: Option<&'a PasswordHash>,
    ) -> Result<Verdict, HashError>;

    /// Learns which hashes are in use, by one of each form. A hasher of hashes whose costs differ MUST take as long to refuse a
    /// password whatever the hash, for which it has to know the dearest (EN-3). One whose hashes all cost the same need not do
    /// anything.
    async fn learn(&self, in_use: &[PasswordHash]) -> Result<(), HashError> {
        let _ = in_use;
        Ok(())
    }
}
