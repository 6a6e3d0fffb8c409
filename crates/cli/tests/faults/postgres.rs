//! A PostgreSQL server of one test's own, which can be stopped, killed and frozen.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Stopped and removed when dropped.
pub(crate) struct Postgres {
    binaries: PathBuf,
    home: TempDir,
    port: u16,
}

impl Postgres {
    /// None, loudly, where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(binaries) = binaries() else {
            crate::scale::skip("PostgreSQL is not installed");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        // The server may run as another user.
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let server = Self {
            binaries,
            home,
            port: address.port(),
        };
        let options = [
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ];
        server.run("initdb", &options);
        server.go_on();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it, after a stop of whichever kind.
    pub(crate) fn go_on(&self) {
        let settings = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1",
            self.port,
            self.home.path().display()
        );
        let log = self.home.path().join("log").display().to_string();
        self.run("pg_ctl", &["-w", "-l", &log, "-o", &settings, "start"]);
    }

    /// Stops it: `fast` ends connections, `immediate` is a crash.
    pub(crate) fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-w", "-m", mode, "stop"]);
    }

    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// To the server and all of its processes.
    fn signal(&self, signal: &str) {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let first = file.lines().next().unwrap();
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        let status = Command::new("kill")
            .arg(signal)
            .arg(first)
            .args(children.split_whitespace())
            .stderr(Stdio::null())
            .status();
        // A process of a connection may have ended in between.
        drop(status);
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = as_its_user(&self.binaries.join(program))
            .arg("-D")
            .arg(self.data())
            .args(arguments)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.data().join("postmaster.pid").exists() {
            self.thaw();
            self.stop("immediate");
        }
    }
}

/// PostgreSQL refuses to run as root; as root, the user `postgres` or `nobody` runs it.
fn as_its_user(program: &Path) -> Command {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Command::new(program);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let has_own = users.lines().any(|line| line.starts_with("postgres:"));
    let mut command = Command::new("runuser");
    command
        .args(["-u", if has_own { "postgres" } else { "nobody" }, "--"])
        .arg(program);
    command
}

/// Where `pg_ctl` is: on the path, or where Debian puts it.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    places.extend(versions.map(|version| version.path().join("bin")));
    places
        .into_iter()
        .find(|place| place.join("pg_ctl").exists() && place.join("initdb").exists())
}
