//! What a server without configuration keeps on disk: its database and its secret.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use doorward_domain::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ConfigError;

const OWNER_ONLY: u32 = 0o600;
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// The directory of database and secret.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

/// A secret out of the data directory.
#[derive(Debug)]
pub(crate) struct KeptSecret {
    pub(crate) secret: Secret<String>,
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

    /// The secret that is kept there.
    pub(crate) fn secret(&self) -> Result<Option<KeptSecret>, ConfigError> {
        let file = self.0.join("secret");
        let secret = self.read(&file)?;
        Ok(secret.map(|secret| KeptSecret {
            secret,
            file,
            is_new: false,
        }))
    }

    /// Makes a secret and keeps it there, unless there is one by now.
    pub(crate) fn make_secret(&self) -> Result<KeptSecret, ConfigError> {
        let file = self.0.join("secret");
        self.create()?;
        let is_new = self.write_new(&file)?;
        // Of two servers that start together one wrote the file, and both use what it wrote.
        let missing = || ConfigError::new("secret", format!("{} vanished", file.display()), "start again");
        let secret = self.read(&file)?.ok_or_else(missing)?;
        Ok(KeptSecret { secret, file, is_new })
    }

    fn read(&self, file: &Path) -> Result<Option<Secret<String>>, ConfigError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => Secret::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.problem(file, &error)),
        };
        let mode = fs::metadata(file)
            .map_err(|error| self.problem(file, &error))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(ConfigError::new(
                "secret",
                format!("others may read {}", file.display()),
                format!("chmod 600 {}", file.display()),
            ));
        }
        Ok(Some(Secret::new(text.expose().trim_end().to_owned())))
    }

    /// Writes a new secret in one step, so that no reader sees half of it. False if there is one by now.
    fn write_new(&self, file: &Path) -> Result<bool, ConfigError> {
        let failed = |error: &std::io::Error| self.problem(file, error);
        let text = random_secret()?;
        let unfinished = self.0.join(format!(".secret-{}", std::process::id()));
        let mut open = OpenOptions::new();
        let mut writer = open
            .write(true)
            .create(true)
            .truncate(true)
            .mode(OWNER_ONLY)
            .open(&unfinished)
            .map_err(|error| failed(&error))?;
        writer
            .write_all(text.expose().as_bytes())
            .and_then(|()| writer.sync_all())
            .map_err(|error| failed(&error))?;
        let linked = fs::hard_link(&unfinished, file);
        fs::remove_file(&unfinished).map_err(|error| failed(&error))?;
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(failed(&error)),
        }
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

    #[test]
    fn sk_4_the_secret_is_made_once_and_for_the_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let directory = DataDir::new(&home.path().join("data").display().to_string());
        assert!(directory.secret().unwrap().is_none());
        let first = directory.make_secret().unwrap();
        let again = directory.secret().unwrap().unwrap();
        assert!(!directory.make_secret().unwrap().is_new);
        assert!(first.is_new && !again.is_new);
        assert_eq!(first.secret.expose(), again.secret.expose());
        assert_eq!(first.secret.expose().len(), 64);
        assert_eq!(
            fs::metadata(&first.file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::metadata(home.path().join("data"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o700
        );
        assert_eq!(
            fs::read_dir(home.path().join("data")).unwrap().count(),
            1,
            "no unfinished file stays"
        );
    }

    #[test]
    fn a_secret_others_may_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let directory = DataDir::new(&home.path().display().to_string());
        let kept = directory.make_secret().unwrap();
        fs::set_permissions(&kept.file, fs::Permissions::from_mode(0o644)).unwrap();
        let problem = directory.secret().unwrap_err();
        assert!(problem.fix.starts_with("chmod 600 "), "{problem}");
    }

    #[test]
    fn the_database_url_names_any_path() {
        let url = DataDir::new("my data/100%?").database_url();
        assert_eq!(url.expose(), "sqlite://my%20data/100%25%3F/doorward.db?mode=rwc");
    }
}
