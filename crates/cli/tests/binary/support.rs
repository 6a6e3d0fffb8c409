//! The real binary as a process, and a client of few words.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A running `doorward serve` in a directory of its own, killed when dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

/// The binary that is tested: the one just built, or that which `DOORWARD_TEST_BINARY` names, such as a release build.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("DOORWARD_TEST_BINARY")
        .map_or_else(|| env!("CARGO_BIN_EXE_doorward").into(), PathBuf::from)
}

/// The binary with nothing of the sources in its environment.
pub(crate) fn doorward(home: &Path) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(home).env_clear().stdin(Stdio::null());
    command
}

impl Server {
    pub(crate) fn start(home: &Path) -> Self {
        Self::start_logging(home, &[], Stdio::null())
    }

    pub(crate) fn start_logging(home: &Path, environment: &[(&str, &str)], log: impl Into<Stdio>) -> Self {
        Self::start_writing(home, environment, Stdio::null(), log)
    }

    /// Starts it with these as standard output and standard error. The reading end of a pipe is closed at once.
    pub(crate) fn start_writing(
        home: &Path,
        environment: &[(&str, &str)],
        output: impl Into<Stdio>,
        log: impl Into<Stdio>,
    ) -> Self {
        Self::spawn(doorward(home).arg("serve"), environment, output, log)
    }

    /// Starts it where no more than so many files may be open.
    pub(crate) fn start_with_open_files(home: &Path, files: u32, log: impl Into<Stdio>) -> Self {
        let mut command = Command::new("sh");
        command
            .current_dir(home)
            .env_clear()
            .stdin(Stdio::null())
            .args(["-c", "ulimit -n \"$1\"; exec \"$2\" serve", "sh"])
            .arg(files.to_string())
            .arg(binary());
        Self::spawn(&mut command, &[], Stdio::null(), log)
    }

    /// Starts such a command, and waits until it answers.
    pub(crate) fn spawn(
        command: &mut Command,
        environment: &[(&str, &str)],
        output: impl Into<Stdio>,
        log: impl Into<Stdio>,
    ) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut child = command
            .env("DOORWARD_LISTEN", address.to_string())
            .env("DOORWARD_PASSWORD__QUEUE_PER_THREAD", "500")
            .env("DOORWARD_RATE_LIMIT__ENABLED", "false")
            .envs(environment.iter().copied())
            .stdout(output)
            .stderr(log)
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let server = Self { child, address };
        until(|| matches!(get(address, "/ok"), Ok((200, _))));
        server
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM. Answers how it ended, if it ended within the time.
    pub(crate) fn terminate(&mut self, within: Duration) -> Option<ExitStatus> {
        self.signal();
        self.wait(within)
    }

    /// SIGTERM.
    pub(crate) fn signal(&self) {
        let sent = Command::new("kill")
            .arg(self.process().to_string())
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// How it ended, if it ends within the time.
    pub(crate) fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let begin = Instant::now();
        loop {
            let status = self.child.try_wait().unwrap();
            if status.is_some() || begin.elapsed() > within {
                return status;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn credentials(index: usize) -> Value {
    json!({ "name": "Ada", "email": format!("ada-{index}@example.test"), "password": "correct horse battery" })
}

pub(crate) fn post(server: SocketAddr, path: &str, body: &Value) -> Result<(u16, String), ureq::Error> {
    let answer = agent()
        .post(url(server, path))
        .content_type("application/json")
        .send(body.to_string())?;
    Ok((answer.status().as_u16(), answer.into_body().read_to_string()?))
}

/// Signs somebody up, and answers the cookie of the session.
pub(crate) fn signed_up(server: SocketAddr, index: usize) -> String {
    let answer = agent()
        .post(url(server, "/sign-up/email"))
        .content_type("application/json")
        .send(credentials(index).to_string())
        .unwrap();
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split_once(';').map_or(cookie, |(pair, _)| pair).to_owned()
}

pub(crate) fn get(server: SocketAddr, path: &str) -> Result<(u16, String), ureq::Error> {
    let answer = agent().get(url(server, path)).call()?;
    Ok((answer.status().as_u16(), answer.into_body().read_to_string()?))
}

pub(crate) fn get_with_cookie(
    server: SocketAddr,
    path: &str,
    cookie: &str,
) -> Result<(u16, String), ureq::Error> {
    let answer = agent().get(url(server, path)).header("cookie", cookie).call()?;
    Ok((answer.status().as_u16(), answer.into_body().read_to_string()?))
}

pub(crate) fn get_with_bearer(
    server: SocketAddr,
    path: &str,
    token: &str,
) -> Result<(u16, String), ureq::Error> {
    let answer = agent()
        .get(url(server, path))
        .header("authorization", format!("Bearer {token}"))
        .call()?;
    Ok((answer.status().as_u16(), answer.into_body().read_to_string()?))
}

/// Waits for something another process does.
pub(crate) fn until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_mins(1), "it did not happen");
        thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn url(server: SocketAddr, path: &str) -> String {
    format!("http://{server}/api/auth{path}")
}

pub(crate) fn agent() -> ureq::Agent {
    let timeout = Some(Duration::from_mins(1));
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(timeout)
        .build()
        .into()
}
