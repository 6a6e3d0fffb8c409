use std::time::Duration;

use doorward_domain::Secret;
use sea_orm::sqlx::{self, ConnectOptions as _, Connection, SqliteConnection};
use sea_orm::{Database, DbErr};

use super::SeaStore;
use super::error::{is_out_of_reach, is_unavailable};

/// Where the database is.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// `sqlite://FILE?mode=rwc`, `postgres://…` or `postgresql://…`; may hold a password.
    pub url: Secret<String>,
    /// Most connections at a time.
    pub max_connections: Option<u32>,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is of another database.
    #[error("the URL must begin with sqlite:, postgres: or postgresql:")]
    Unsupported,
    /// The server refused, or could not be reached.
    #[error("cannot connect to the database")]
    Refused(#[source] sqlx::Error),
    /// The database could not be opened.
    #[error("cannot open the database")]
    Failed(#[source] DbErr),
}

impl ConnectError {
    /// Whether trying again later may help.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unsupported => false,
            Self::Refused(error) => is_out_of_reach(error),
            Self::Failed(error) => is_unavailable(error),
        }
    }
}

/// How long a request waits for a connection before it is told to come back (RE-6).
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a writer waits for another on SQLite, in milliseconds.
const BUSY_TIMEOUT: &str = "2000";
const SQLITE_CONNECTIONS: u32 = 8;
const POSTGRES_CONNECTIONS: u32 = 10;

/// Opens the database. SQLite gets a write-ahead log that is synchronised at every commit (RE-1) and foreign keys.
pub async fn connect(options: &ConnectOptions) -> Result<SeaStore, ConnectError> {
    let url = options.url.expose();
    let standard = match url.split(':').next() {
        Some("sqlite") => SQLITE_CONNECTIONS,
        Some("postgres" | "postgresql") => {
            probe(url).await.map_err(ConnectError::Refused)?;
            POSTGRES_CONNECTIONS
        }
        _ => return Err(ConnectError::Unsupported),
    };
    let mut settings = sea_orm::ConnectOptions::new(url.clone());
    settings
        .max_connections(options.max_connections.unwrap_or(standard))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        // Statements are not logged: their values are people's data (SK-1).
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("busy_timeout", BUSY_TIMEOUT)
                .foreign_keys(true)
                .create_if_missing(true)
        })
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| Box::pin(async move { has_ended(connection).await }))
        });
    let connection = Database::connect(settings).await.map_err(ConnectError::Failed)?;
    Ok(SeaStore::new(connection))
}

/// Whether the connection may serve others: no transaction is left open on it.
///
/// After some failures (`SQLITE_FULL`, `SQLITE_IOERR`, `SQLITE_NOMEM`, see <https://www.sqlite.org/lang_transaction.html>)
/// SQLite rolls back itself. The driver's own rollback then fails and it goes on counting the transaction as open: what the
/// next user of the connection begins would be a savepoint, whose release may commit nothing. Such a connection is closed.
async fn has_ended(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // The rollback of a dropped transaction is queued. The answer to a ping comes after it.
    connection.ping().await?;
    let has_ended = !connection.is_in_transaction();
    if !has_ended {
        tracing::warn!("a connection to SQLite is closed, for its transaction could not be rolled back");
    }
    Ok(has_ended)
}

/// Connects once and goes away: a pool would only tell that it timed out, and not why.
async fn probe(url: &str) -> Result<(), sqlx::Error> {
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    let greeting = async { options.disable_statement_logging().connect().await?.close().await };
    tokio::time::timeout(ACQUIRE_TIMEOUT, greeting)
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
