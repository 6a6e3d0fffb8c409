//! A server under test: the release build of Doorward, or the original.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::shell::{Outcome, root};

/// A running server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    to_first_answer: Duration,
}

/// The release build.
pub(crate) fn release_binary() -> PathBuf {
    target_directory().join("release/doorward")
}

fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A free port.
pub(crate) fn free_address() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map_err(|error| format!("no free port: {error}"))
}

impl Server {
    /// Doorward without rate limits and with nothing else configured but these variables, in a directory of its own.
    pub(crate) fn doorward(home: &Path, environment: &[(&str, &str)]) -> Outcome<Self> {
        let address = free_address()?;
        let mut command = Command::new(release_binary());
        command
            .arg("serve")
            .current_dir(home)
            .env_clear()
            .env("DOORWARD_LISTEN", address.to_string())
            .env("DOORWARD_RATE_LIMIT__ENABLED", "false");
        command.envs(environment.iter().copied());
        Self::start(command, home, address)
    }

    /// Waits for its first answer.
    pub(crate) fn start(mut command: Command, home: &Path, address: SocketAddr) -> Outcome<Self> {
        let log =
            || File::create(home.join("server.log")).map_err(|error| format!("{}: {error}", home.display()));
        command.stdin(Stdio::null()).stdout(log()?).stderr(log()?);
        let begin = Instant::now();
        let child = command
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
        let mut server = Self {
            child,
            address,
            to_first_answer: Duration::ZERO,
        };
        while !server.is_up() {
            if begin.elapsed() > Duration::from_secs(30) {
                let log = fs::read_to_string(home.join("server.log")).unwrap_or_default();
                return Err(format!("the server did not start:\n{log}"));
            }
            thread::sleep(Duration::from_millis(2));
        }
        server.to_first_answer = begin.elapsed();
        Ok(server)
    }

    fn is_up(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            write!(
                stream,
                "GET /api/auth/ok HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                self.address
            )?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer)?;
            Ok(&answer == b"HTTP/1.1 200")
        };
        ask().unwrap_or(false)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) const fn to_first_answer(&self) -> Duration {
        self.to_first_answer
    }

    /// Memory that is really in use, in bytes.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<u64>()
            .ok()
            .map(|kib| kib * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
