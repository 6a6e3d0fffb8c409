//! Copying a SQLite database while servers write to it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_domain::Secret;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::DriverError;
use super::sqlite_file::{beside, create_new, file_of, sync_directory_of};

/// How long a backup waits for a writer to let it begin.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database is in memory.
    #[error("the database is in memory: there is nothing to back up")]
    InMemory,
    /// There is no database.
    #[error("there is no database at {}", .0.display())]
    NoDatabase(PathBuf),
    /// The file exists.
    #[error("{} exists: a backup overwrites nothing", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{}: {cause}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The database cannot be read.
    #[error("the database cannot be copied")]
    Database(#[source] DriverError),
    /// The copy is not sound.
    #[error("the database is damaged: {0}")]
    Damaged(String),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Copies the SQLite database of this URL into a new file, as it is at one moment, and answers the size of the file. Servers may
/// read and write meanwhile. The file is for its owner only, is checked, and is on the disk when this returns.
pub async fn backup(url: &Secret<String>, to: &Path) -> Result<u64, BackupError> {
    let database = file_of(url.expose()).ok_or(BackupError::InMemory)?;
    if !database.is_file() {
        return Err(BackupError::NoDatabase(database));
    }
    let failed = |cause: io::Error| match cause.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => BackupError::File {
            file: to.to_owned(),
            cause,
        },
    };
    // The name is taken first, and the finished copy takes its place: who finds something there finds all of it.
    create_new(to).map_err(failed)?;
    let unfinished = beside(to, &format!(".unfinished-{}", std::process::id()));
    let outcome = async {
        create_new(&unfinished).map_err(failed)?;
        copy(&database, &unfinished).await?;
        let file = File::open(&unfinished).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        fs::rename(&unfinished, to).map_err(failed)?;
        sync_directory_of(to).map_err(failed)?;
        Ok(size)
    };
    let outcome = outcome.await;
    if outcome.is_err() {
        // Neither is of use, and what went wrong is known already.
        drop((fs::remove_file(&unfinished), fs::remove_file(to)));
    }
    outcome
}

async fn copy(database: &Path, to: &Path) -> Result<(), BackupError> {
    let mut connection = options(database).busy_timeout(BUSY_TIMEOUT).connect().await?;
    let name = to.to_str().ok_or_else(|| BackupError::File {
        file: to.to_owned(),
        cause: io::Error::new(io::ErrorKind::InvalidFilename, "the name is not UTF-8"),
    })?;
    sqlx::query("VACUUM INTO ?")
        .bind(name)
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    let mut copy = options(to).read_only(true).connect().await?;
    let problems = problems(&mut copy).await?;
    copy.close().await?;
    problems.map_or(Ok(()), |problems| Err(BackupError::Damaged(problems)))
}

/// A file that exists, without what SQLite logs: values are people's data.
pub(super) fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .disable_statement_logging()
}

/// What is wrong with the file, if anything.
pub(super) async fn problems(connection: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
    let rows = sqlx::query(AssertSqlSafe("PRAGMA integrity_check".to_owned()))
        .fetch_all(connection)
        .await?;
    let found: Vec<String> = rows.iter().flat_map(|row| row.try_get(0)).collect();
    Ok((found != ["ok"]).then(|| found.join("; ")))
}
