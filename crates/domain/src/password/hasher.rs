use async_trait::async_trait;

use super::{Password, PasswordHash};
use crate::BoxError;

/// What became of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They match, and the hash is as strong as a new one would be.
    Match,
    /// They match, but the hash is of another algorithm or cost than a new one would be (PW-3).
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

    /// Compares. Without a hash it MUST take as long as a comparison with a new one and answer
    /// [`Verdict::Mismatch`], so that nobody learns by the clock who exists (EN-3). A stored hash of unknown
    /// form is a mismatch as well.
    async fn verify<'a>(
        &self,
        password: &Password,
        hash: Option<&'a PasswordHash>,
    ) -> Result<Verdict, HashError>;
}
