use std::any::Any;

use async_trait::async_trait;

use crate::account::AccountRepository;
use crate::audit::{AuditEvent, AuditEventRepository, Event};
use crate::device::DeviceRepository;
use crate::email::OutboxRepository;
use crate::rate_limit::BudgetRepository;
use crate::request::{RequestContext, RequestFacts};
use crate::session::SessionRepository;
use crate::store_error::StoreError;
use crate::user::UserRepository;
use crate::verification::VerificationRepository;

/// Makes [`Repositories`] and [`ForwardRepositories`] from one list.
macro_rules! repositories {
    ($( $(#[$doc:meta])* $method:ident: $repository:ident, )+) => {
        /// Every repository, on the store itself or inside a transaction.
        pub trait Repositories: Any + Send + Sync {
            $( $(#[$doc])* fn $method(&self) -> &dyn $repository; )+
        }

        /// [`Repositories`] in front of others: write the methods in which they differ, the others ask those behind.
        ///
        /// It is implemented in place of [`Repositories`]. A repository that is added later is forwarded without a change.
        pub trait ForwardRepositories: Any + Send + Sync {
            /// The repositories behind.
            fn behind(&self) -> &dyn Repositories;
            $( $(#[$doc])* fn $method(&self) -> &dyn $repository {
                self.behind().$method()
            } )+
        }

        impl<T: ForwardRepositories> Repositories for T {
            $( fn $method(&self) -> &dyn $repository {
                ForwardRepositories::$method(self)
            } )+
        }
    };
}

repositories! {
    /// Where users are kept.
    users: UserRepository,
    /// Where ways to sign in are kept.
    accounts: AccountRepository,
    /// Where sessions are kept.
    sessions: SessionRepository,
    /// Where single-use secrets are kept.
    verifications: VerificationRepository,
    /// Where emails wait to be sent.
    outbox: OutboxRepository,
    /// Where audit events are kept.
    audit_events: AuditEventRepository,
    /// Where it is kept what was spent of budgets.
    budgets: BudgetRepository,
    /// Where known devices are kept.
    devices: DeviceRepository,
}

/// The methods of [`Repositories`] for a type that is every repository itself.
#[macro_export]
macro_rules! own_repositories {
    () => {
        fn users(&self) -> &dyn $crate::user::UserRepository {
            self
        }

        fn accounts(&self) -> &dyn $crate::account::AccountRepository {
            self
        }

        fn sessions(&self) -> &dyn $crate::session::SessionRepository {
            self
        }

        fn verifications(&self) -> &dyn $crate::verification::VerificationRepository {
            self
        }

        fn outbox(&self) -> &dyn $crate::email::OutboxRepository {
            self
        }

        fn audit_events(&self) -> &dyn $crate::audit::AuditEventRepository {
            self
        }

        fn budgets(&self) -> &dyn $crate::rate_limit::BudgetRepository {
            self
        }

        fn devices(&self) -> &dyn $crate::device::DeviceRepository {
            self
        }
    };
}

/// The database, or what stands for it.
#[async_trait]
pub trait Store: Repositories {
    /// Begins a transaction that may write, on behalf of this request. Slow work (hashing, network) belongs before this
    /// call.
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError>;

    /// Whether the store answers at all.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Whether the store answers and has all that this version needs: no step of the schema is missing (RE-15).
    async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        self.ping().await.map(|()| true)
    }
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
