use std::any::Any;

use async_trait::async_trait;

use crate::account::AccountRepository;
use crate::audit::{AuditEvent, AuditEventRepository, Event};
use crate::email::OutboxRepository;
use crate::request::{RequestContext, RequestFacts};
use crate::session::SessionRepository;
use crate::store_error::StoreError;
use crate::user::UserRepository;
use crate::verification::VerificationRepository;

/// Every repository, on the store itself or inside a transaction.
pub trait Repositories: Any + Send + Sync {
    /// Where users are kept.
    fn users(&self) -> &dyn UserRepository;
    /// Where ways to sign in are kept.
    fn accounts(&self) -> &dyn AccountRepository;
    /// Where sessions are kept.
    fn sessions(&self) -> &dyn SessionRepository;
    /// Where single-use secrets are kept.
    fn verifications(&self) -> &dyn VerificationRepository;
    /// Where emails wait to be sent.
    fn outbox(&self) -> &dyn OutboxRepository;
    /// Where audit events are kept.
    fn audit_events(&self) -> &dyn AuditEventRepository;
}

/// The database, or what stands for it.
#[async_trait]
pub trait Store: Repositories {
    /// Begins a transaction that may write, on behalf of this request. Slow work (hashing, network) belongs before this
    /// call.
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError>;

    /// Whether the store answers at all.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// All repositories, in one transaction.
///
/// [`commit`](Self::commit) consumes it and a success means the writes are durable (RE-1). Dropped without,
/// it leaves no trace. Transactions of two callers that touch the same rows MUST behave as if one had come
/// after the other.
#[async_trait]
pub trait Transaction: Repositories {
    /// The request on whose behalf this transaction writes.
    fn request(&self) -> &RequestFacts;

    /// Records what happened, and who did it. The event is kept if and only if the transaction commits.
    async fn record(&self, event: Event) -> Result<(), StoreError> {
        let event = AuditEvent::new(self.request(), event);
        self.audit_events().insert(&event).await
    }

    /// Makes the writes durable and visible.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;

    /// The transaction that this one wraps, if it is a layer around another. Through it a team finds the transaction of the
    /// store below all layers.
    fn underlying(&self) -> Option<&dyn Transaction> {
        None
    }
}
