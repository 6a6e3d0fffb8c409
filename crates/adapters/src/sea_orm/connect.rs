use std::fs::TryLockError;
use std::sync::Arc;
use std::time::Duration;

use doorward_domain::Secret;
use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::sqlx::{self, Connection, Executor as _, SqliteConnection};
use sea_orm::{Database, DatabaseConnection};

use super::place::Place;
use super::pulse::Pulse;
use super::sqlite_file::{self, InUse};
use super::{ConnectError, SeaStore};

/// Where the database is.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// `sqlite://FILE?mode=rwc`, `postgres://…` or `postgresql://…`; may hold a password.
    pub url: Secret<String>,
    /// Most connections at a time.
    pub max_connections: Option<u32>,
}

/// How long a request waits for a connection before it is told to come back (RE-6).
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a writer waits for another on SQLite, in milliseconds.
const BUSY_TIMEOUT: &str = "2000";
const SQLITE_CONNECTIONS: u32 = 8;
const POSTGRES_CONNECTIONS: u32 = 10;

/// Opens the database. SQLite gets a write-ahead log that is synchronised at every commit (RE-1), foreign keys, and overwrites what
/// is removed (DT-2); PostgreSQL limits to the time a request waits (RE-6).
pub async fn connect(options: &ConnectOptions) -> Result<SeaStore, ConnectError> {
    let url = options.url.expose();
    match url.split(':').next() {
        Some("sqlite") => open_sqlite(url, options.max_connections).await,
        Some("postgres" | "postgresql") => open_postgres(url, options.max_connections).await,
        _ => Err(ConnectError::Unsupported),
    }
}

fn settings(url: &str, max_connections: u32) -> sea_orm::ConnectOptions {
    let mut settings = sea_orm::ConnectOptions::new(url);
    settings
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        // Statements are not logged: their values are people's data (SK-1).
        .sqlx_logging(false);
    settings
}

async fn open_sqlite(url: &str, max_connections: Option<u32>) -> Result<SeaStore, ConnectError> {
    let mut settings = settings(url, max_connections.unwrap_or(SQLITE_CONNECTIONS));
    // With `mode=rw` a missing file must not be created.
    let mode = url
        .split_once('?')
        .and_then(|(_, query)| query.split('&').find_map(|pair| pair.strip_prefix("mode=")));
    let says_mode = mode.is_some();
    let in_use = mark_file(url, matches!(mode, None | Some("rwc")))?;
    settings
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("busy_timeout", BUSY_TIMEOUT)
                .pragma("secure_delete", "ON")
                .foreign_keys(true);
            if says_mode {
                sqlite
            } else {
                sqlite.create_if_missing(true)
            }
        })
        // The pool asks each connection whether it is alive when it comes back. A file does not go away in between.
        .test_before_acquire(false)
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| Box::pin(async move { has_ended(connection).await }))
        });
    Ok(SeaStore::new(open(settings).await?).using(in_use))
}

/// Makes the file if it may, and marks it as in use.
fn mark_file(url: &str, may_create: bool) -> Result<Option<InUse>, ConnectError> {
    let Some(file) = sqlite_file::file_of(url) else {
        return Ok(None);
    };
    if may_create {
        sqlite_file::create(&file);
    }
    if !file.exists() {
        return Ok(None);
    }
    sqlite_file::warn_of_readers(&file);
    match sqlite_file::share(&file) {
        Ok(in_use) => Ok(Some(in_use)),
        Err(TryLockError::WouldBlock) => Err(ConnectError::Replaced(file)),
        Err(TryLockError::Error(error)) => {
            let file = file.display();
            tracing::warn!(%error, "the database {file} cannot be marked as in use: `doorward restore` will not notice that it is");
            Ok(None)
        }
    }
}

async fn open_postgres(url: &str, max_connections: Option<u32>) -> Result<SeaStore, ConnectError> {
    let place = Place::of(url)?;
    place.probe(ACQUIRE_TIMEOUT).await?;
    let mut hurried = settings(&place.url, max_connections.unwrap_or(POSTGRES_CONNECTIONS));
    let pulse = Arc::new(place.pulse()?);
    let (script, watching) = (place.script(true), pulse.clone());
    hurried.map_sqlx_postgres_pool_opts(move |pool| watched(prepared(pool, &script), &watching));
    let mut unhurried = settings(&place.url, 1);
    let script = place.script(false);
    unhurried.map_sqlx_postgres_pool_opts(move |pool| prepared(pool, &script));
    let store = SeaStore::new(open(hurried).await?);
    Ok(store.migrating_by(unhurried).watched_by(pulse))
}

async fn open(settings: sea_orm::ConnectOptions) -> Result<DatabaseConnection, ConnectError> {
    let connection = Database::connect(settings).await;
    connection.map_err(|error| ConnectError::Failed(error.into()))
}

/// Runs a script on each new connection. Not as options of the connection: some poolers refuse those.
fn prepared(pool: PgPoolOptions, script: &str) -> PgPoolOptions {
    let script = script.to_owned();
    pool.after_connect(move |connection, _| {
        let script = sqlx::AssertSqlSafe(script.clone());
        Box::pin(async move { connection.execute(script).await.map(drop) })
    })
}

/// Asks each connection whether it is alive where that is in doubt, and waits for none that is not.
fn watched(pool: PgPoolOptions, pulse: &Arc<Pulse>) -> PgPoolOptions {
    let pulse = pulse.clone();
    // The pool's own test would be a question before every statement, and waits for the answer without end.
    pool.test_before_acquire(false)
        .before_acquire(move |connection, about| {
            let pulse = pulse.clone();
            Box::pin(async move { pulse.check(connection, about.idle_for).await })
        })
        .after_release(|connection, _| Box::pin(Pulse::settle(connection)))
}

/// Whether the connection may serve others: no transaction is left open on it.
///
/// After some failures (`SQLITE_FULL`, `SQLITE_IOERR`, `SQLITE_NOMEM`, see <https://www.sqlite.org/lang_transaction.html>)
/// SQLite rolls back itself. The driver's own rollback then fails and it goes on counting the transaction as open: what the
/// next user of the connection begins would be a savepoint, whose release may commit nothing. Such a connection is closed.
async fn has_ended(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if !connection.is_in_transaction() {
        return Ok(true);
    }
    // The rollback of a dropped transaction is queued. The answer to a ping comes after it.
    connection.ping().await?;
    let has_ended = !connection.is_in_transaction();
    if !has_ended {
        tracing::warn!("a connection to SQLite is closed, for its transaction could not be rolled back");
    }
    Ok(has_ended)
}
