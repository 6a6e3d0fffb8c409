use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{AuditEvent, EventQuery};
use crate::{StoreError, UserId};

/// Where audit events are kept. Events are added and read; in time they are removed, and what is personal in those of a
/// removed user is erased.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AuditEventRepository: Send + Sync {
    /// Adds an event. [`Transaction::record`](crate::Transaction::record) is the way to call it.
    async fn insert(&self, event: &AuditEvent) -> Result<(), StoreError>;

    /// A page of events. It takes as long in the middle of the log as at its end.
    async fn list(&self, query: &EventQuery) -> Result<Vec<AuditEvent>, StoreError>;

    /// What happened to the user, oldest first, `limit` events at most.
    async fn list_by_subject(&self, subject: &UserId, limit: u64) -> Result<Vec<AuditEvent>, StoreError>;

    /// Removes the oldest events before a moment, `limit` at most, and answers how many.
    async fn purge_before(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError>;
}
