//! Putting a copy of a SQLite database in the place of the present one.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use doorward_domain::Secret;
use doorward_migration::MigrateError;
use sea_orm::SqlxSqliteConnector;
use sea_orm::sqlx::sqlite::SqlitePoolOptions;
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::DriverError;
use super::backup::{options, problems};
use super::sqlite_file::{beside, claim, create_new, file_of, sync_directory_of};

/// The files of a database beside the database itself.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the database is.
    pub database: PathBuf,
    /// Where the one before is now, if there was one.
    pub moved_aside: Option<PathBuf>,
    /// The steps of the schema that the next start takes.
    pub pending: Vec<String>,
}

/// Why nothing was restored. The present database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database is in memory.
    #[error("the database is in memory: nothing can be restored to it")]
    InMemory,
    /// A server or a command uses the database.
    #[error("{} is in use: stop the server first", .0.display())]
    InUse(PathBuf),
    /// There is a database.
    #[error("{} exists: --force moves it aside", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {cause}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The file is none of SQLite, or of another application.
    #[error("{} is no database of Doorward", .0.display())]
    NotDoorward(PathBuf),
    /// The file is not sound.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// The file cannot be read as a database.
    #[error("the file cannot be read as a database")]
    Unreadable(#[source] DriverError),
    /// This version cannot serve the database.
    #[error(transparent)]
    Schema(#[from] MigrateError),
}

impl From<sqlx::Error> for RestoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

/// Puts a copy of `from` in the place of the SQLite database of this URL. `from` is a backup, or a copy of a database file with
/// its write-ahead log beside it. With `force` a database that is there is moved aside; `now` becomes part of its name.
///
/// The copy is checked before anything changes: that it is sound, that it is of Doorward, and that this version knows its schema.
pub async fn restore(
    url: &Secret<String>,
    from: &Path,
    force: bool,
    now: DateTime<Utc>,
) -> Result<Restored, RestoreError> {
    let database = file_of(url.expose()).ok_or(RestoreError::InMemory)?;
    let _alone = claim(&database).map_err(|error| match error {
        TryLockError::WouldBlock => RestoreError::InUse(database.clone()),
        TryLockError::Error(cause) => failed(&database)(cause),
    })?;
    // A log without its database would be read into the copy.
    let exists = database.exists() || COMPANIONS.iter().any(|it| beside(&database, it).exists());
    if exists && !force {
        return Err(RestoreError::Exists(database));
    }
    let copy = beside(&database, &format!(".restoring-{}", std::process::id()));
    let outcome = async {
        copy_files(from, &copy)?;
        let pending = check(from, &copy).await?;
        File::open(&copy)
            .and_then(|file| file.sync_all())
            .map_err(failed(&copy))?;
        let moved_aside =
            exists.then(|| beside(&database, &format!(".replaced-{}", now.format("%Y%m%dT%H%M%SZ"))));
        if let Some(aside) = &moved_aside {
            if database.exists() {
                empty_log(&database).await;
            }
            set_aside(&database, aside)?;
        }
        if let Err(cause) = fs::rename(&copy, &database) {
            if let Some(aside) = &moved_aside {
                move_aside(aside, &database)?;
                // Two names of one file: the rename changed nothing.
                drop(fs::remove_file(aside));
            }
            return Err(failed(&database)(cause));
        }
        sync_directory_of(&database).map_err(failed(&database))?;
        Ok(Restored {
            database: database.clone(),
            moved_aside,
            pending,
        })
    };
    let outcome = outcome.await;
    if outcome.is_err() {
        remove(&copy);
    }
    outcome
}

fn failed(file: &Path) -> impl Fn(io::Error) -> RestoreError {
    let file = file.to_owned();
    move |cause| RestoreError::File {
        file: file.clone(),
        cause,
    }
}

/// Copies the file and its write-ahead log, for the owner only.
fn copy_files(from: &Path, to: &Path) -> Result<(), RestoreError> {
    let copy = |from: &Path, to: &Path| {
        let mut source = File::open(from).map_err(failed(from))?;
        let mut target = create_new(to).map_err(failed(to))?;
        io::copy(&mut source, &mut target).map_err(failed(to))
    };
    copy(from, to)?;
    let log = beside(from, "-wal");
    if log.exists() {
        copy(&log, &beside(to, "-wal"))?;
    }
    Ok(())
}

/// Whether the copy can be served. Answers the steps that its schema lacks. Afterwards it is one file without a log.
async fn check(from: &Path, copy: &Path) -> Result<Vec<String>, RestoreError> {
    let mut connection = options(copy).connect().await?;
    if let Some(problems) = problems(&mut connection).await? {
        return Err(RestoreError::Damaged(problems));
    }
    for pragma in ["PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE"] {
        sqlx::query(AssertSqlSafe(pragma.to_owned()))
            .execute(&mut connection)
            .await?;
    }
    let is_ours = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'doorward_migration'";
    let found = sqlx::query(AssertSqlSafe(is_ours.to_owned()))
        .fetch_optional(&mut connection)
        .await?;
    connection.close().await?;
    if found.is_none() {
        return Err(RestoreError::NotDoorward(from.to_owned()));
    }
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options(copy));
    let database = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    let pending = doorward_migration::pending(&database).await;
    database
        .close()
        .await
        .map_err(|error| RestoreError::Unreadable(error.into()))?;
    Ok(pending?)
}

/// Writes the log into the database, so that the database is whole without it. One that is damaged is moved as it is.
async fn empty_log(database: &Path) {
    let emptied = async {
        let mut connection = options(database).connect().await?;
        sqlx::query(AssertSqlSafe("PRAGMA wal_checkpoint(TRUNCATE)".to_owned()))
            .execute(&mut connection)
            .await?;
        connection.close().await
    };
    if let Err(error) = emptied.await {
        tracing::warn!(%error, "the present database is damaged and moved aside as it is");
    }
}

/// Gives a database another name, and keeps the one it has until the copy takes it: who is killed in between leaves a database in
/// its place, and the next start does not make an empty one. The files beside it are moved.
fn set_aside(database: &Path, to: &Path) -> Result<(), RestoreError> {
    if !database.exists() || fs::hard_link(database, to).is_err() {
        // There is none, or the file system knows no second name.
        return move_aside(database, to);
    }
    move_companions(database, to)
}

/// Renames a database and the files beside it.
fn move_aside(database: &Path, to: &Path) -> Result<(), RestoreError> {
    move_companions(database, to)?;
    if database.exists() {
        fs::rename(database, to).map_err(failed(database))?;
    }
    Ok(())
}

fn move_companions(database: &Path, to: &Path) -> Result<(), RestoreError> {
    for companion in COMPANIONS {
        let file = beside(database, companion);
        if file.exists() {
            fs::rename(&file, beside(to, companion)).map_err(failed(&file))?;
        }
    }
    Ok(())
}

/// Removes a copy that is of no use. What went wrong before is told, and not this.
fn remove(copy: &Path) {
    drop(fs::remove_file(copy));
    for companion in COMPANIONS {
        drop(fs::remove_file(beside(copy, companion)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn re_19_a_database_is_in_its_place_until_the_restored_one_takes_it() {
        let home = tempfile::tempdir().unwrap();
        let (database, aside) = (home.path().join("a.db"), home.path().join("a.db.replaced"));
        fs::write(&database, "old").unwrap();
        fs::write(beside(&database, "-wal"), "log").unwrap();
        set_aside(&database, &aside).unwrap();
        assert_eq!(fs::read(&database).unwrap(), b"old");
        assert!(
            !beside(&database, "-wal").exists(),
            "it would be read into the copy"
        );
        fs::write(home.path().join("copy"), "new").unwrap();
        fs::rename(home.path().join("copy"), &database).unwrap();
        assert_eq!(fs::read(&aside).unwrap(), b"old");
        assert_eq!(fs::read(beside(&aside, "-wal")).unwrap(), b"log");
    }
}
