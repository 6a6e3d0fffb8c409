//! What SQLite keeps of removed rows: nothing in its pages, as `secure_delete` overwrites them, but older pages in the
//! write-ahead log until a sweep empties that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Whether the write-ahead log may hold rows of users who were removed.
#[derive(Debug)]
pub(super) struct Traces {
    /// Whether it may, for all transactions of a store.
    left: Arc<AtomicBool>,
    /// Whether this transaction looked for users to remove, as a sweep does.
    is_asked: AtomicBool,
}

impl Traces {
    /// Those of a store that was just opened: a former process may have ended before it emptied the log.
    pub(super) fn of_store() -> Self {
        Self {
            left: Arc::new(AtomicBool::new(true)),
            is_asked: AtomicBool::new(false),
        }
    }

    /// Those of a transaction of the same store.
    pub(super) fn of_transaction(&self) -> Self {
        Self {
            left: self.left.clone(),
            is_asked: AtomicBool::new(false),
        }
    }

    /// Notes that rows of users are removed. The log is left to the next sweep: whoever empties it waits for all who read and
    /// keeps all who write waiting, which is not for the commit of a request.
    pub(super) fn leave(&self) {
        self.left.store(true, Ordering::SeqCst);
    }

    /// Asks for the log to be emptied after the commit, if there is something left.
    pub(super) fn ask(&self) {
        self.is_asked.store(true, Ordering::SeqCst);
    }

    /// Empties the log after the commit of a transaction that asked for it. What fails, as it does while somebody reads for long,
    /// is left to the next one that asks: users are looked for every few minutes. The commit itself has succeeded.
    pub(super) async fn erase(&self, pool: &impl ConnectionTrait) {
        let is_wanted = pool.get_database_backend() == DbBackend::Sqlite
            && self.is_asked.load(Ordering::SeqCst)
            && self.left.swap(false, Ordering::SeqCst);
        if !is_wanted {
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
