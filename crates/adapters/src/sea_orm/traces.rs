//! What SQLite keeps of removed rows: nothing in its pages, as `secure_delete` overwrites them, but older pages in the
//! write-ahead log until that is emptied.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Whether the write-ahead log may hold rows of users who were removed.
#[derive(Debug)]
pub(super) struct Traces {
    /// Whether it may, for all transactions of a store.
    left: Arc<AtomicBool>,
    /// Whether this transaction removed users.
    is_new: AtomicBool,
    /// Whether it looked for users to remove, as a sweep does.
    is_sweep: AtomicBool,
}

impl Traces {
    /// Those of a store that was just opened: a former process may have ended before it emptied the log.
    pub(super) fn of_store() -> Self {
        Self {
            left: Arc::new(AtomicBool::new(true)),
            is_new: AtomicBool::new(false),
            is_sweep: AtomicBool::new(false),
        }
    }

    /// Those of a transaction of the same store.
    pub(super) fn of_transaction(&self) -> Self {
        Self {
            left: self.left.clone(),
            is_new: AtomicBool::new(false),
            is_sweep: AtomicBool::new(false),
        }
    }

    /// Notes that rows of users are removed.
    pub(super) fn leave(&self) {
        self.left.store(true, Ordering::SeqCst);
        self.is_new.store(true, Ordering::SeqCst);
    }

    /// Notes that users are looked for whose time is over, as it is done every few minutes.
    pub(super) fn sweep(&self) {
        self.is_sweep.store(true, Ordering::SeqCst);
    }

    /// Empties the log after the commit of a sweep, or of a transaction that removed users. A request does not wait for that: it
    /// takes as long as others read, up to the limit of a statement. What fails is left to the next sweep.
    pub(super) async fn after_commit<C: ConnectionTrait + Send + Sync + 'static>(self, pool: C) {
        if pool.get_database_backend() != DbBackend::Sqlite {
            return;
        }
        if self.is_sweep.load(Ordering::SeqCst) {
            self.erase(&pool).await;
        } else if self.is_new.load(Ordering::SeqCst) {
            drop(tokio::spawn(async move { self.erase(&pool).await }));
        }
    }

    async fn erase(&self, pool: &impl ConnectionTrait) {
        if !self.left.swap(false, Ordering::SeqCst) {
            return;
        }
        match empty_log(pool).await {
            Ok(true) => {}
            Ok(false) => {
                self.left.store(true, Ordering::SeqCst);
                tracing::debug!("the write-ahead log is in use and is emptied later");
            }
            Err(error) => {
                self.left.store(true, Ordering::SeqCst);
                tracing::warn!(%error, "the write-ahead log could not be emptied and still holds removed rows");
            }
        }
    }
}

/// Whether the log is empty now.
async fn empty_log(pool: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
    let row = pool.query_one_raw(statement).await?;
    let is_busy = row.map_or(Ok(0), |row| row.try_get_by_index::<i32>(0))?;
    Ok(is_busy == 0)
}
