use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use doorward_domain::{
    ForwardRepositories, Repositories, RequestContext, RequestFacts, Store, StoreError, Transaction,
};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard as Turn};

use super::tables::Tables;

/// Every repository over tables that can be reached in one way or the other.
#[derive(Debug)]
pub struct MemoryRepositories<A> {
    access: A,
}

/// The store: what is committed.
pub type MemoryStore = MemoryRepositories<Committed>;

/// All repositories in one transaction, and the request on whose behalf it writes.
#[derive(Debug)]
pub struct MemoryTransaction {
    repositories: MemoryRepositories<Copied>,
    request: RequestFacts,
}

/// A way to the tables.
#[async_trait]
pub trait Access: Send + Sync + 'static {
    /// Waits until no other transaction writes.
    async fn turn(&self) -> Option<Turn<()>>;

    /// The tables.
    fn tables(&self) -> MutexGuard<'_, Tables>;
}

/// The committed tables. Writers are serialised.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    tables: Arc<Mutex<Tables>>,
    turns: Arc<Turns<()>>,
}

/// The tables as a transaction has changed them. It has the turn until it ends, so that transactions come one after the
/// other.
#[derive(Debug)]
pub struct Copied {
    tables: Mutex<Tables>,
    committed: Committed,
    _turn: Turn<()>,
}

#[async_trait]
impl Access for Committed {
    async fn turn(&self) -> Option<Turn<()>> {
        Some(self.turns.clone().lock_owned().await)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Access for Copied {
    async fn turn(&self) -> Option<Turn<()>> {
        None
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self {
            access: Committed::default(),
        }
    }

    /// What is committed at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Tables {
        self.read(Tables::clone)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Access> MemoryRepositories<A> {
    pub(super) fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> T {
        look(&self.access.tables())
    }

    pub(super) async fn write<T>(&self, change: impl FnOnce(&mut Tables) -> T + Send) -> T {
        let _turn = self.access.turn().await;
        change(&mut self.access.tables())
    }
}

impl<A: Access> Repositories for MemoryRepositories<A> {
    doorward_domain::own_repositories!();
}

impl ForwardRepositories for MemoryTransaction {
    fn behind(&self) -> &dyn Repositories {
        &self.repositories
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError> {
        let committed = self.access.clone();
        let turn = committed.turns.clone().lock_owned().await;
        let tables = Mutex::new(committed.tables().clone());
        Ok(Box::new(MemoryTransaction {
            repositories: MemoryRepositories {
                access: Copied {
                    tables,
                    committed,
                    _turn: turn,
                },
            },
            request: request.facts(),
        }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Transaction for MemoryTransaction {
    fn request(&self) -> &RequestFacts {
        &self.request
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Copied {
            tables,
            committed,
            _turn,
        } = self.repositories.access;
        *committed.tables() = tables.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(())
    }
}

/// Removes at most `limit` of what is due, and answers how many.
pub(super) fn purge_expired<T>(rows: &mut Vec<T>, limit: u64, is_due: impl Fn(&T) -> bool) -> u64 {
    let mut left = limit;
    rows.retain(|row| {
        let goes = left > 0 && is_due(row);
        left -= u64::from(goes);
        !goes
    });
    limit - left
}

/// Removes all that match, and answers how many.
pub(super) fn remove<T>(rows: &mut Vec<T>, matches: impl Fn(&T) -> bool) -> u64 {
    purge_expired(rows, u64::MAX, matches)
}
