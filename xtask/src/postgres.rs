//! A PostgreSQL server for the tests: the one that is named, or a throw-away one from locally installed binaries.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::shell::Outcome;

/// The variable that names a PostgreSQL server on which tests may create databases.
pub(crate) const POSTGRES: &str = "DOORWARD_TEST_POSTGRES_URL";

/// A server databases can be created on.
pub(crate) enum Postgres {
    Named(String),
    ThrowAway(ThrowAway),
}

/// A server of our own; stopped and removed when dropped.
pub(crate) struct ThrowAway {
    binaries: PathBuf,
    home: TempDir,
    port: u16,
}

impl Postgres {
    /// The server to use, if there can be one.
    pub(crate) fn find() -> Outcome<Option<Self>> {
        if let Some(url) = std::env::var_os(POSTGRES).filter(|url| !url.is_empty()) {
            return Ok(Some(Self::Named(url.to_string_lossy().into_owned())));
        }
        binaries()
            .map(ThrowAway::start)
            .transpose()
            .map(|server| server.map(Self::ThrowAway))
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Named(url) => url.clone(),
            Self::ThrowAway(server) => format!("postgres://postgres@127.0.0.1:{}/postgres", server.port),
        }
    }
}

impl ThrowAway {
    fn start(binaries: PathBuf) -> Outcome<Self> {
        let home = tempfile::tempdir()
            .map_err(|error| format!("cannot make a directory for PostgreSQL: {error}"))?;
        // The server may run as another user, see `command`.
        let everybody = fs::Permissions::from_mode(0o777);
        fs::set_permissions(home.path(), everybody)
            .map_err(|error| format!("{}: {error}", home.path().display()))?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|error| format!("no free port for PostgreSQL: {error}"))?
            .port();
        let server = Self { binaries, home, port };
        let data = server.data();
        server.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
        )?;
        let settings = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off \
             -c full_page_writes=off -c max_connections=300",
            server.home.path().display()
        );
        let log = server.home.path().join("log").display().to_string();
        server.run(
            "pg_ctl",
            &["-D", &data, "-w", "-l", &log, "-o", &settings, "start"],
        )?;
        eprintln!("> a throw-away PostgreSQL listens on 127.0.0.1:{port}");
        Ok(server)
    }

    fn data(&self) -> String {
        self.home.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Outcome {
        let mut command = command(&self.binaries.join(program));
        let output = command
            .args(arguments)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let status = output
            .status()
            .map_err(|error| format!("cannot run {program}: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("{program} failed: {status}"))
        }
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if let Err(error) = self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]) {
            eprintln!("the throw-away PostgreSQL on port {} goes on: {error}", self.port);
        }
    }
}

/// PostgreSQL refuses to run as root; as root, the user `postgres` or `nobody` runs it.
fn command(program: &Path) -> Command {
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    if !is_root {
        return Command::new(program);
    }
    let has_user = |user: &str| {
        fs::read_to_string("/etc/passwd")
            .is_ok_and(|users| users.starts_with(user) || users.contains(&format!("\n{user}:")))
    };
    let user = if has_user("postgres") {
        "postgres"
    } else {
        "nobody"
    };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program);
    command
}

/// Where `initdb` and `pg_ctl` are: on the path, or where Debian, Red Hat and Homebrew put them.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<_> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path().join("bin")))
        .collect();
    versions.push("/usr/pgsql/bin".into());
    versions.sort();
    let candidates = on_path.into_iter().chain(versions.into_iter().rev());
    candidates
        .into_iter()
        .find(|directory| directory.join("initdb").exists() && directory.join("pg_ctl").exists())
}
