use async_trait::async_trait;

use super::{AuditEvent, EventPosition, Involvement};
use crate::{StoreError, UserId};

/// Where audit events are kept. Rows are added and read, never changed.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AuditEventRepository: Send + Sync {
    /// Adds an event. [`Transaction::record`](crate::Transaction::record) is the way to call it.
    async fn insert(&self, event: &AuditEvent) -> Result<(), StoreError>;

    /// What happened to the user, oldest first, `limit` events at most.
    async fn list_by_subject(&self, subject: &UserId, limit: u64) -> Result<Vec<AuditEvent>, StoreError>;

    /// The events in which the user is involved in this way, oldest first, `limit` at most, of those after a position.
    async fn list_involving(
        &self,
        user: &UserId,
        involvement: Involvement,
        after: Option<EventPosition>,
        limit: u64,
    ) -> Result<Vec<AuditEvent>, StoreError>;
}
