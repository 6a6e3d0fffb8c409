use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{AuditEvent, Chain, EventPosition, EventQuery, Involvement, SealedEvent};
use crate::{Changed, Inserted, Locked, StoreError, UserId};

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

    /// The chain, if it was begun.
    async fn find_chain(&self) -> Result<Option<Chain>, StoreError>;

    /// The chain, locked until the transaction ends, if it was begun.
    async fn lock_chain(&self) -> Result<Option<Locked<Chain>>, StoreError>;

    /// Begins the chain, unless it was begun before.
    async fn insert_chain(&self, chain: &Chain) -> Result<Inserted, StoreError>;

    /// Puts another chain in the place of this one, if that is what is stored.
    async fn update_chain(&self, from: &Chain, to: &Chain) -> Result<Changed, StoreError>;

    /// Events that have no place in the chain, the oldest first, `limit` at most. They are locked until the transaction ends; those
    /// that another transaction changes are left out.
    async fn lock_unsealed(&self, limit: u64) -> Result<Vec<AuditEvent>, StoreError>;

    /// Gives the event its place in the chain, unless it has one.
    async fn seal(&self, event: &SealedEvent) -> Result<Changed, StoreError>;

    /// Events of the chain with a number above `seq`, the lowest first, `limit` at most.
    async fn sealed_after(&self, seq: i64, limit: u64) -> Result<Vec<SealedEvent>, StoreError>;

    /// The moment of the oldest event that has no place in the chain.
    async fn oldest_unsealed(&self) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// How many events have no place in the chain.
    async fn count_unsealed(&self) -> Result<u64, StoreError>;

    /// Removes the events of the chain up to this number, and answers how many.
    async fn remove_through(&self, seq: i64) -> Result<u64, StoreError>;

    /// Takes away what is proved of the event, as if an earlier version had written it.
    async fn remove_proof(&self, event: &str) -> Result<Changed, StoreError>;

    /// Takes events out of the chain, from its beginning, `limit` at most, and answers how many.
    async fn unseal(&self, limit: u64) -> Result<u64, StoreError>;

    /// The events in which the user is involved in this way, oldest first, `limit` at most, of those after a position.
    async fn list_involving(
        &self,
        user: &UserId,
        involvement: Involvement,
        after: Option<EventPosition>,
        limit: u64,
    ) -> Result<Vec<AuditEvent>, StoreError>;
}
