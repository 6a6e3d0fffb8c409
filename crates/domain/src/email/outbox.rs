use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::StoreError;

/// An email that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Unique.
    pub id: String,
    /// The email, sealed by the [`Sealer`](crate::Sealer): it holds a token (TK-2).
    pub sealed: String,
    /// How often sending it failed.
    pub attempts: u32,
    /// When it may be tried next.
    pub due_at: DateTime<Utc>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// Where emails wait to be sent.
///
/// A worker *claims* messages for a while. If it dies, the lease runs out and another worker gets them: an email is
/// sent at least once (RE-10).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait OutboxRepository: Send + Sync {
    /// Adds a message.
    async fn push(&self, message: &OutboxMessage) -> Result<(), StoreError>;

    /// Takes at most `limit` messages that are due and not leased, oldest due first, and leases them until
    /// `lease_until`. No two callers get the same message while its lease runs.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<OutboxMessage>, StoreError>;

    /// Removes a message: it was sent, or given up.
    async fn remove(&self, id: &str) -> Result<(), StoreError>;

    /// Ends the lease and sets when and after how many attempts the message is due again.
    async fn reschedule(&self, id: &str, attempts: u32, due_at: DateTime<Utc>) -> Result<(), StoreError>;
}
