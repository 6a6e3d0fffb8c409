use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{Changed, Removed, StoreError};

/// An email that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Unique.
    pub id: String,
    /// The email, sealed by the [`Sealer`](crate::Sealer): it holds a token (TK-2).
    pub sealed: String,
    /// How often it was claimed in order to send it. Counted before it is sent, so that an email that kills the server is not
    /// tried for ever.
    pub attempts: u32,
    /// When it may be tried next.
    pub due_at: DateTime<Utc>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// How much waits to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many emails wait, leased or not.
    pub waiting: u64,
    /// When the oldest of them was written.
    pub oldest: Option<DateTime<Utc>>,
}

/// Where emails wait to be sent.
///
/// A worker *claims* messages for a while. If it dies, the lease runs out and another worker gets them: an email is
/// sent at least once (RE-10). Leases of one message do not overlap, so the moment at which one ends tells whose it is; a worker
/// whose lease ran out changes nothing that another worker holds.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait OutboxRepository: Send + Sync {
    /// Adds a message.
    async fn push(&self, message: &OutboxMessage) -> Result<(), StoreError>;

    /// Takes at most `limit` messages that are due and not leased, oldest due first, leases them until `lease_until`, and counts
    /// an attempt of each; the answer has it. No two callers get the same message while its lease runs.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<OutboxMessage>, StoreError>;

    /// At most `limit` of those that wait, leased or not, by id, of those after this id. Nothing is leased.
    async fn list(&self, after: Option<String>, limit: u64) -> Result<Vec<OutboxMessage>, StoreError>;

    /// How much waits.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Removes a message that was sent or given up, if its lease is still the one that ends at `lease_until`.
    async fn remove(&self, id: &str, lease_until: DateTime<Utc>) -> Result<Removed, StoreError>;

    /// Ends the lease that ends at `lease_until`, if the message still has it, and sets when and after how many attempts the
    /// message is due again.
    async fn reschedule(
        &self,
        id: &str,
        lease_until: DateTime<Utc>,
        attempts: u32,
        due_at: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;
}
