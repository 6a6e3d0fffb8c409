//! What a server without configuration keeps on disk: its database and its secrets.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use doorward_domain::{KeyId, Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ConfigError;
use super::kept_secrets::{KeptSecrets, Rotation, nothing_kept};

const OWNER_ONLY: u32 = 0o600;
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// The directory of database and secret.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

/// The file of secrets in the data directory.
#[derive(Debug)]
pub(crate) struct SecretFile {
    pub(crate) secrets: KeptSecrets,
    pub(crate) file: PathBuf,
    pub(crate) is_new: bool,
}

impl DataDir {
    pub(crate) fn new(path: &str) -> Self {
        Self(PathBuf::from(path))
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("doorward.db")
    }

    /// The database's URL.
    pub(crate) fn database_url(&self) -> Secret<String> {
        let file = self.database().display().to_string();
        Secret::new(format!("sqlite://{}?mode=rwc", utf8_percent_encode(&file, PATH)))
    }

    /// Makes the directory, for the owner only.
    pub(crate) fn create(&self) -> Result<(), ConfigError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(|error| self.problem(&self.0, &error))
    }

    /// The secrets that are kept there.
    pub(crate) fn secrets(&self) -> Result<Option<SecretFile>, ConfigError> {
        let file = self.secret_file();
        let secrets = self.read(&file)?;
        Ok(secrets.map(|secrets| SecretFile {
            secrets,
            file,
            is_new: false,
        }))
    }

    /// Makes a secret and keeps it there, unless there is one by now.
    pub(crate) fn make_secret(&self) -> Result<SecretFile, ConfigError> {
        let file = self.secret_file();
        self.create()?;
        let is_new = self.write_first(&file)?;
        // Of two servers that start together one wrote the file, and both use what it wrote.
        let missing = || ConfigError::new("secret", format!("{} vanished", file.display()), "start again");
        let secrets = self.read(&file)?.ok_or_else(missing)?;
        Ok(SecretFile {
            secrets,
            file,
            is_new,
        })
    }

    /// Makes another secret current, or with `only_prepare` one that others verify and open by already.
    pub(crate) fn rotate_secret(
        &self,
        only_prepare: bool,
        now: DateTime<Utc>,
    ) -> Result<Rotation, ConfigError> {
        let fresh = random_secret()?;
        self.change_secrets(|secrets| secrets.rotate(fresh, only_prepare, now))
    }

    /// Removes a secret that is not current.
    pub(crate) fn remove_secret(&self, id: KeyId) -> Result<(), ConfigError> {
        self.change_secrets(|secrets| secrets.remove(id))
    }

    /// Changes the file in one step. Others who change it meanwhile wait; who reads it sees all of the change or nothing.
    fn change_secrets<T>(
        &self,
        change: impl FnOnce(&mut KeptSecrets) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        let file = self.secret_file();
        let failed = |error: &std::io::Error| self.problem(&file, error);
        if !file.exists() {
            return Err(nothing_kept());
        }
        // Of the directory, because the file is replaced.
        let directory = File::open(&self.0).map_err(|error| failed(&error))?;
        directory.lock().map_err(|error| failed(&error))?;
        let mut secrets = self.read(&file)?.ok_or_else(nothing_kept)?;
        let outcome = change(&mut secrets)?;
        secrets.keyring()?;
        let unfinished = self.write_unfinished(&secrets.to_text())?;
        fs::rename(&unfinished, &file)
            .and_then(|()| directory.sync_all())
            .map_err(|error| failed(&error))?;
        Ok(outcome)
    }

    fn secret_file(&self) -> PathBuf {
        self.0.join("secret")
    }

    fn read(&self, file: &Path) -> Result<Option<KeptSecrets>, ConfigError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => Secret::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.problem(file, &error)),
        };
        let about = fs::metadata(file).map_err(|error| self.problem(file, &error))?;
        if about.permissions().mode() & 0o077 != 0 {
            return Err(ConfigError::new(
                "secret",
                format!("others may read {}", file.display()),
                format!("chmod 600 {}", file.display()),
            ));
        }
        let written_at = about.modified().map_err(|error| self.problem(file, &error))?;
        KeptSecrets::parse(&text, written_at.into()).map(Some)
    }

    /// Writes the first secret in one step, so that no reader sees half of it. False if there is one by now.
    fn write_first(&self, file: &Path) -> Result<bool, ConfigError> {
        let failed = |error: &std::io::Error| self.problem(file, error);
        let unfinished = self.write_unfinished(&random_secret()?)?;
        let linked = fs::hard_link(&unfinished, file);
        fs::remove_file(&unfinished).map_err(|error| failed(&error))?;
        match linked {
            Ok(()) => {
                let directory = File::open(&self.0).and_then(|directory| directory.sync_all());
                directory.map_err(|error| failed(&error)).map(|()| true)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// A file of this process alone, for the owner only, with this on disk.
    fn write_unfinished(&self, text: &Secret<String>) -> Result<PathBuf, ConfigError> {
        let unfinished = self.0.join(format!(".secret-{}", std::process::id()));
        let failed = |error: &std::io::Error| self.problem(&unfinished, error);
        // A file that a process of this number left half done may have other rights.
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(&error)),
            _ => {}
        }
        let mut writer = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(OWNER_ONLY)
            .open(&unfinished)
            .map_err(|error| failed(&error))?;
        writer
            .write_all(text.expose().as_bytes())
            .and_then(|()| writer.sync_all())
            .map_err(|error| failed(&error))?;
        Ok(unfinished)
    }

    fn problem(&self, path: &Path, error: &std::io::Error) -> ConfigError {
        ConfigError::new(
            "data_dir",
            format!("{}: {error}", path.display()),
            format!(
                "make {} writable, or choose another directory with data_dir or --data-dir",
                self.0.display()
            ),
        )
    }
}

/// 256 random bits as 64 hexadecimal digits.
pub(super) fn random_secret() -> Result<Secret<String>, ConfigError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        ConfigError::new(
            "secret",
            format!("the operating system gives no random bytes: {error}"),
            "set secret",
        )
    })?;
    Ok(Secret::new(hex::encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    fn keys(directory: &DataDir) -> Vec<(String, String)> {
        let kept = directory.secrets().unwrap().unwrap();
        let keys = kept.secrets.keyring().unwrap();
        keys.keys()
            .map(|key| (key.id.to_string(), key.secret.expose().clone()))
            .collect()
    }

    #[test]
    fn sk_4_the_secret_is_made_once_and_for_the_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let directory = DataDir::new(&home.path().join("data").display().to_string());
        assert!(directory.secrets().unwrap().is_none());
        let first = directory.make_secret().unwrap();
        let made = keys(&directory);
        let again = directory.make_secret().unwrap();
        assert!(first.is_new && !again.is_new);
        assert_eq!(keys(&directory), made);
        assert_eq!((made.len(), made[0].1.len()), (1, 64));
        assert_eq!(mode(&first.file), 0o600);
        assert_eq!(mode(&home.path().join("data")), 0o700);
        assert_eq!(
            fs::read_dir(home.path().join("data")).unwrap().count(),
            1,
            "no unfinished file stays"
        );
    }

    #[test]
    fn kr_2_a_secret_is_replaced_in_one_step_and_for_the_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let directory = DataDir::new(&home.path().display().to_string());
        let now = DateTime::from_timestamp_secs(1_790_000_000).unwrap();
        assert!(directory.rotate_secret(false, now).is_err(), "there is none");
        let file = directory.make_secret().unwrap().file;
        let first = keys(&directory);
        // What a process that died in the middle left, readable by all.
        let left = home.path().join(format!(".secret-{}", std::process::id()));
        fs::write(&left, "half").unwrap();
        directory.rotate_secret(false, now).unwrap();
        let both = keys(&directory);
        assert_eq!(both.len(), 2);
        assert_eq!(both[1], first[0]);
        assert_eq!((&*both[0].0, both[0].1.len()), ("2", 64));
        assert_eq!(mode(&file), 0o600);
        directory.remove_secret(KeyId::FIRST).unwrap();
        assert_eq!(keys(&directory), both[..1]);
        assert!(directory.remove_secret(KeyId::new(2)).is_err());
        assert_eq!(keys(&directory), both[..1]);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn kr_2_none_of_rotations_at_the_same_time_is_lost() {
        let home = tempfile::tempdir().unwrap();
        let directory = DataDir::new(&home.path().display().to_string());
        directory.make_secret().unwrap();
        let now = DateTime::from_timestamp_secs(1_790_000_000).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| directory.rotate_secret(false, now).unwrap());
            }
        });
        assert_eq!(keys(&directory).len(), 9);
    }

    #[test]
    fn a_secret_others_may_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let directory = DataDir::new(&home.path().display().to_string());
        let kept = directory.make_secret().unwrap();
        fs::set_permissions(&kept.file, fs::Permissions::from_mode(0o644)).unwrap();
        let problem = directory.secrets().unwrap_err();
        assert!(problem.fix.starts_with("chmod 600 "), "{problem}");
    }

    #[test]
    fn the_database_url_names_any_path() {
        let url = DataDir::new("my data/100%?").database_url();
        assert_eq!(url.expose(), "sqlite://my%20data/100%25%3F/doorward.db?mode=rwc");
    }
}
