use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Purpose, Verification, VerificationKey};
use crate::{Inserted, StoreError, UserId};

/// Where single-use secrets are kept.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait VerificationRepository: Send + Sync {
    /// Adds a verification. MUST answer [`StoreError::Conflict`] if its `id` exists; a transaction can then only be dropped.
    async fn insert(&self, verification: &Verification) -> Result<(), StoreError>;

    /// Adds a verification unless its `id` exists, and answers whether it did. An expired row of that id is
    /// replaced. The transaction stays usable.
    async fn insert_unless_live(
        &self,
        verification: &Verification,
        now: DateTime<Utc>,
    ) -> Result<Inserted, StoreError>;

    /// The verification of this key, expired or not, stored in clear or as a digest. Changes nothing.
    async fn find(&self, key: &VerificationKey) -> Result<Option<Verification>, StoreError>;

    /// Consumes the verification of this key if it has not expired: removes and answers it in one statement, so that at most
    /// one caller ever gets it (TK-3, TK-4).
    async fn consume(
        &self,
        key: &VerificationKey,
        now: DateTime<Utc>,
    ) -> Result<Option<Verification>, StoreError>;

    /// Removes all verifications of the user for these purposes, and answers how many (TK-5). Imported rows
    /// without a user belong to the user in their `value`.
    async fn cancel(&self, user: &UserId, purposes: &[Purpose]) -> Result<u64, StoreError>;

    /// The rows of the user, also those of purposes that only Better Auth knows, in the order in which they expire.
    async fn list(&self, user: &UserId) -> Result<Vec<Verification>, StoreError>;

    /// Removes at most `limit` verifications that expired before `now`.
    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError>;
}
