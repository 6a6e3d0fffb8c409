//! Backing the database up, and restoring it.

use std::path::Path;

use doorward_adapters::sea_orm::{self as adapter, Restored};
use doorward_adapters::system::SystemClock;
use doorward_domain::{Clock, Secret};
use url::Url;

use crate::configuration::Configuration;

/// Why a database was not backed up or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The tools of PostgreSQL do it.
    #[error(
        "the database is on PostgreSQL, which has its own tools. Run this, with the password in PGPASSWORD or ~/.pgpass:\n  {0}"
    )]
    Postgres(String),
    /// It was not backed up.
    #[error("backup: {0}")]
    Backup(#[from] adapter::BackupError),
    /// It was not restored.
    #[error("restore: {0}")]
    Restore(#[from] adapter::RestoreError),
}

/// Copies the database into a new file and answers the size of the file. Servers go on meanwhile.
pub async fn backup(configuration: &Configuration, file: &Path) -> Result<u64, BackupError> {
    let url = &configuration.database_url;
    if let Some(place) = PostgresPlace::of(url) {
        return Err(BackupError::Postgres(place.dump(file)));
    }
    Ok(adapter::backup(url, file).await?)
}

/// Puts a copy of a backup in the place of the database, which no server may use meanwhile. With `force` one that is there is moved
/// aside.
pub async fn restore(
    configuration: &Configuration,
    file: &Path,
    force: bool,
) -> Result<Restored, BackupError> {
    let url = &configuration.database_url;
    if let Some(place) = PostgresPlace::of(url) {
        return Err(BackupError::Postgres(place.restore(file)));
    }
    Ok(adapter::restore(url, file, force, SystemClock.now()).await?)
}

/// Where a database of PostgreSQL is, as arguments of its tools; without the password (SK-1).
struct PostgresPlace {
    connection: String,
    database: String,
    schema: String,
}

impl PostgresPlace {
    fn of(url: &Secret<String>) -> Option<Self> {
        let url = Url::parse(url.expose()).ok()?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return None;
        }
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        let parameter = |wanted: &str| {
            let mut pairs = url.query_pairs();
            pairs
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        let host = url.host_str().filter(|host| !host.is_empty()).map(decoded);
        let user = Some(decoded(url.username())).filter(|user| !user.is_empty());
        let named = [
            ("host", host.or_else(|| parameter("host"))),
            (
                "port",
                url.port()
                    .map(|port| port.to_string())
                    .or_else(|| parameter("port")),
            ),
            ("username", user.or_else(|| parameter("user"))),
        ];
        let arguments = named
            .into_iter()
            .filter_map(|(name, value)| Some(format!(" --{name}={}", quoted(&value?))));
        let schema = parameter("schema").or_else(|| parameter("search_path"));
        let schema = schema.and_then(|list| list.split(',').next().map(|name| name.trim().to_owned()));
        Some(Self {
            connection: arguments.collect(),
            database: quoted(&decoded(url.path().trim_start_matches('/'))),
            schema: schema.map_or_else(String::new, |name| format!(" --schema={}", quoted(&name))),
        })
    }

    fn dump(&self, file: &Path) -> String {
        let Self {
            connection,
            database,
            schema,
        } = self;
        let file = quoted(&file.display().to_string());
        format!("pg_dump --format=custom --no-owner --file={file}{connection}{schema} --dbname={database}")
    }

    /// In one transaction: either all of it is restored or nothing.
    fn restore(&self, file: &Path) -> String {
        let Self {
            connection,
            database,
            schema,
        } = self;
        let file = quoted(&file.display().to_string());
        format!(
            "pg_restore --clean --if-exists --no-owner --single-transaction{connection}{schema} --dbname={database} {file}"
        )
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Option<PostgresPlace> {
        PostgresPlace::of(&Secret::new(url.to_owned()))
    }

    #[test]
    fn sk_1_the_command_for_postgres_has_everything_but_the_password() {
        let place =
            place("postgres://ada:hunter2@db.example.com:5433/my%20users?schema=auth&sslmode=require")
                .unwrap();
        let dump = place.dump(Path::new("/backup/it's.dump"));
        assert_eq!(
            dump,
            r"pg_dump --format=custom --no-owner --file='/backup/it'\''s.dump' --host=db.example.com --port=5433 --username=ada --schema=auth --dbname='my users'"
        );
        assert!(
            place
                .restore(Path::new("a.dump"))
                .ends_with(" --dbname='my users' a.dump")
        );
    }

    #[test]
    fn a_socket_is_a_host() {
        let place = place("postgresql:///users?host=/run/postgresql").unwrap();
        assert!(
            place
                .dump(Path::new("a"))
                .contains(" --host=/run/postgresql --dbname=users")
        );
        assert!(super::PostgresPlace::of(&Secret::new("sqlite://a.db".to_owned())).is_none());
    }
}
