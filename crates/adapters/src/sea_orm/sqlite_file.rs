//! The file of a SQLite database: for its owner only, and marked as in use.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;

const OWNER_ONLY: u32 = 0o600;

/// That the file is in use, by servers and commands together or by one command alone. It ends when dropped.
///
/// The mark is a lock on a file beside the database. A lock on the database itself would be SQLite's, and closing a second
/// descriptor of it would end SQLite's locks.
#[derive(Debug)]
pub(super) struct InUse(File);

impl Drop for InUse {
    fn drop(&mut self) {
        // Closing the file ends the lock in any case.
        drop(self.0.unlock());
    }
}

/// The file that the URL names. None for a database in memory.
pub(super) fn file_of(url: &str) -> Option<PathBuf> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return None;
    }
    let options = SqliteConnectOptions::from_str(url).ok()?;
    Some(options.get_filename().to_owned())
}

/// Makes the file before SQLite does: for the owner only, and so are the files that SQLite puts beside it.
///
/// Where the place is wrong, SQLite says so.
pub(super) fn create(file: &Path) {
    drop(create_new(file));
}

/// Makes a new file for the owner only.
pub(super) fn create_new(file: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(file)
}

/// Warns of a file that others may read: it has password hashes, and under `better-auth` tokens.
pub(super) fn warn_of_readers(file: &Path) {
    let mode = fs::metadata(file).map(|metadata| metadata.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o077 != 0) {
        let file = file.display();
        tracing::warn!("others may read the database {file}: run `chmod 600 {file}*`");
    }
}

/// Marks the file as in use, together with others. It fails with `WouldBlock` if the file is being replaced.
pub(super) fn share(file: &Path) -> Result<InUse, TryLockError> {
    mark(file, File::try_lock_shared)
}

/// Marks the file as in use by this process alone. It fails with `WouldBlock` if others use it.
pub(super) fn claim(file: &Path) -> Result<InUse, TryLockError> {
    mark(file, File::try_lock)
}

fn mark(file: &Path, lock: impl FnOnce(&File) -> Result<(), TryLockError>) -> Result<InUse, TryLockError> {
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(false).mode(OWNER_ONLY);
    let opened = open.open(beside(file, ".lock")).map_err(TryLockError::Error)?;
    lock(&opened)?;
    Ok(InUse(opened))
}

/// The file name with something behind it: `doorward.db` and `-wal`, say.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

/// Makes the renaming of a file durable.
pub(super) fn sync_directory_of(file: &Path) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_share_a_file_and_who_replaces_it_is_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a.db");
        let (one, other) = (share(&file).unwrap(), share(&file).unwrap());
        assert!(matches!(claim(&file), Err(TryLockError::WouldBlock)));
        drop((one, other));
        let alone = claim(&file).unwrap();
        assert!(matches!(share(&file), Err(TryLockError::WouldBlock)));
        drop(alone);
        assert!(share(&file).is_ok());
    }

    #[test]
    fn a_database_in_memory_has_no_file() {
        assert_eq!(file_of("sqlite::memory:"), None);
        assert_eq!(file_of("sqlite://x?mode=memory"), None);
        assert_eq!(
            file_of("sqlite://my%20data/a.db?mode=rwc"),
            Some("my data/a.db".into())
        );
    }
}
