//! The session of PostgreSQL in which the schema is changed while others use the tables.
//!
//! Whoever waits for a lock on a table makes everybody behind him wait, readers too. So nothing here waits long for a lock that
//! others would queue behind, nothing holds one for longer than a statement on the catalog takes, and no transaction is left
//! open: the build of an index waits for every transaction that is older than itself.

use std::convert::Infallible;
use std::time::Duration;

use sea_orm_migration::sea_orm::sqlx::error::DatabaseError;
use sea_orm_migration::sea_orm::sqlx::pool::PoolOptions;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqlxPostgresConnector, TransactionTrait,
    sqlx,
};
use tokio::time::sleep;

use crate::catalog::{IndexState, index_state, rows};
use crate::driver_error::refusal;

/// The longest wait for a lock that others queue behind.
const LOCK_TIMEOUT: &str = "2s";
/// How often a lock is tried for: five minutes, together with the pauses.
const ATTEMPTS: u32 = 30;
/// How long those who waited behind have the table to themselves: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));
/// How often a session asks whether the other one has finished.
const TURN: Duration = Duration::from_millis(100);
/// After what time of waiting it is said who is waited for: at first, and at most.
const LOOKS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// The advisory lock of whoever changes the schema: the ASCII codes of `Doorward` as a number, and its halves, as `pg_locks` has
/// them.
const LOCK: i64 = 0x446f_6f72_7761_7264;
const LOCK_HALVES: (i64, i64) = (LOCK >> 32, LOCK & 0xffff_ffff);

/// One connection that holds the advisory lock, so that nobody else changes the schema.
#[derive(Debug)]
pub(crate) struct MigrationSession {
    session: DatabaseConnection,
    /// Others, to look at the session while it waits.
    watching: DatabaseConnection,
}

impl MigrationSession {
    /// Waits for its turn.
    pub(crate) async fn open(database: &DatabaseConnection) -> Result<Self, DbErr> {
        let pool = database.get_postgres_connection_pool();
        let options: PoolOptions<sqlx::Postgres> = pool.options().clone();
        let one = options
            .max_connections(1)
            .min_connections(0)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with((*pool.connect_options()).clone());
        let session = Self {
            session: SqlxPostgresConnector::from_sqlx_postgres_pool(one),
            watching: database.clone(),
        };
        session.take_turn().await?;
        Ok(session)
    }

    /// Ends the session, and with it the advisory lock.
    pub(crate) async fn close(self) -> Result<(), DbErr> {
        self.session.close().await
    }

    pub(crate) const fn connection(&self) -> &DatabaseConnection {
        &self.session
    }

    /// Takes the advisory lock, again where the session has it: a connection that broke and was opened anew has lost it. It
    /// asks again and again and does not wait in the database: one who waits there is one for whom the build of an index waits.
    async fn take_turn(&self) -> Result<(), DbErr> {
        // The limits that a role or a database may have are not for the build of an index.
        let ask = format!(
            "SELECT pg_try_advisory_lock({LOCK}) AS mine, set_config('lock_timeout', '0', false),
                set_config('statement_timeout', '0', false)"
        );
        let waiting = async {
            loop {
                let answer = rows(&self.session, &ask).await?;
                let row = answer
                    .first()
                    .ok_or_else(|| DbErr::RecordNotFound("a lock".to_owned()))?;
                if row.try_get("", "mine")? {
                    return Ok(());
                }
                sleep(TURN).await;
            }
        };
        let watch = self.watch("another process that changes the schema", Self::holder);
        tokio::select! {
            outcome = waiting => outcome,
            never = watch => match never {},
        }
    }

    /// Runs statements as one transaction. A lock that is not to be had in time is tried for again after a pause.
    pub(crate) async fn change(&self, statements: &str) -> Result<u64, DbErr> {
        // Sent as one: no lock is held while this process is asked for the next statement.
        let script = format!("SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; {statements}");
        let mut attempt = 0;
        loop {
            self.take_turn().await?;
            match self.watched(&script).await {
                Err(error) if attempt < ATTEMPTS && is_passing(&error) => pause(attempt).await,
                outcome => return outcome,
            }
            attempt += 1;
        }
    }

    /// Does what a module does to its tables, in a transaction. As for [`change`](Self::change), a lock that is not to be had in
    /// time is tried for again after a pause.
    pub(crate) async fn transaction(
        &self,
        work: impl AsyncFn(&DatabaseTransaction) -> Result<(), DbErr>,
    ) -> Result<(), DbErr> {
        let limit = format!("SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'");
        let mut attempt = 0;
        loop {
            self.take_turn().await?;
            let outcome = async {
                let transaction = self.session.begin().await?;
                transaction.execute_unprepared(&limit).await?;
                work(&transaction).await?;
                transaction.commit().await
            };
            match outcome.await {
                Err(error) if attempt < ATTEMPTS && is_passing(&error) => pause(attempt).await,
                outcome => return outcome,
            }
            attempt += 1;
        }
    }

    /// Builds an index while others read and write, unless it is there; one that a build left unfinished is dropped first.
    pub(crate) async fn build_index(&self, table: &str, name: &str, create: &str) -> Result<(), DbErr> {
        let mut attempt = 0;
        loop {
            self.take_turn().await?;
            let outcome = match index_state(&self.session, table, name).await? {
                IndexState::Built => return Ok(()),
                IndexState::Invalid => self.drop_index(name).await,
                IndexState::Missing => Ok(()),
            };
            let outcome = match outcome {
                Ok(()) => self.watched(create).await.map(drop),
                Err(error) => Err(error),
            };
            let Err(error) = outcome else {
                return Ok(());
            };
            if attempt == ATTEMPTS || !is_passing(&error) {
                // An unfinished unique index goes on refusing values.
                if let Err(error) = self.drop_unfinished(table, name).await {
                    tracing::warn!(%error, index = name, "an unfinished index is left behind");
                }
                return Err(error);
            }
            pause(attempt).await;
            attempt += 1;
        }
    }

    async fn drop_unfinished(&self, table: &str, name: &str) -> Result<(), DbErr> {
        if index_state(&self.session, table, name).await? == IndexState::Invalid {
            self.drop_index(name).await?;
        }
        Ok(())
    }

    async fn drop_index(&self, name: &str) -> Result<(), DbErr> {
        self.watched(&format!(r#"DROP INDEX CONCURRENTLY IF EXISTS "{name}""#))
            .await
            .map(drop)
    }

    /// Runs a script, and says who is waited for while it lasts.
    async fn watched(&self, script: &str) -> Result<u64, DbErr> {
        let watch = self.watch("a lock on a table", Self::blockers);
        tokio::select! {
            outcome = self.session.execute_unprepared(script) => Ok(outcome?.rows_affected()),
            never = watch => match never {},
        }
    }

    /// Whom the session with the advisory lock waits for: the text of a query for process ids.
    fn blockers() -> String {
        let holder = Self::holder();
        format!("SELECT unnest(pg_blocking_pids(holder.pid)) FROM ({holder}) AS holder")
    }

    /// Who has the advisory lock.
    fn holder() -> String {
        let (high, low) = LOCK_HALVES;
        format!(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = {high} AND objid = {low}
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    }

    /// Says who is waited for, again and again.
    async fn watch(&self, what: &str, whom: fn() -> String) -> Infallible {
        let (mut wait, longest) = LOOKS;
        loop {
            sleep(wait).await;
            if let Err(error) = self.tell(what, &whom()).await {
                tracing::warn!(%error, "who is waited for cannot be told");
            }
            wait = longest.min(wait * 2);
        }
    }

    /// Values in statements are people's data: of the statement only its first word is told.
    async fn tell(&self, what: &str, whom: &str) -> Result<(), DbErr> {
        let query = format!(
            r#"SELECT pid, state, to_char(coalesce(xact_start, query_start) AT TIME ZONE 'UTC',
                    'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
                application_name AS application, substring(query FROM '^\s*([A-Za-z]+)') AS statement
            FROM pg_stat_activity WHERE pid IN ({whom}) ORDER BY pid"#
        );
        let waited_for = rows(&self.watching, &query).await?;
        if waited_for.is_empty() {
            tracing::info!("a change of the schema takes its time");
        }
        for row in waited_for {
            let pid: i32 = row.try_get("", "pid")?;
            // What belongs to other roles PostgreSQL may keep to itself.
            let state: Option<String> = row.try_get("", "state")?;
            let since: Option<String> = row.try_get("", "since")?;
            let application: Option<String> = row.try_get("", "application")?;
            let statement: Option<String> = row.try_get("", "statement")?;
            tracing::warn!(
                pid,
                state,
                since,
                application,
                statement,
                "the schema waits for {what}"
            );
        }
        Ok(())
    }
}

async fn pause(attempt: u32) {
    let (first, longest) = PAUSES;
    let pause = first.saturating_mul(2_u32.saturating_pow(attempt)).min(longest);
    sleep(pause).await;
}

/// Whether the statement may succeed when it is run again: `lock_not_available`, `deadlock_detected`, see
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(crate) fn is_passing(error: &DbErr) -> bool {
    let code = refusal(error).and_then(DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "55P03" | "40P01"))
}
