//! Requests byte for byte, which no HTTP client would send, and what comes back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// No answer takes longer, on a machine that is busy with other tests, too.
const PATIENCE: Duration = Duration::from_secs(25);

/// A request as it is sent.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A connection that is kept while both sides want it.
pub(crate) struct Wire {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Wire {
    pub(crate) const fn to(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
        }
    }

    /// Sends and waits. An error says what is wrong with the answer, or that there is none.
    pub(crate) fn send(&mut self, request: &Request) -> Result<Answer, String> {
        let is_reused = self.stream.is_some();
        let answer = self.attempt(request);
        // The server may have closed a connection that was kept, before this request.
        if is_reused && matches!(&answer, Err(problem) if problem == CLOSED) {
            return self.attempt(request);
        }
        answer
    }

    fn attempt(&mut self, request: &Request) -> Result<Answer, String> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self
                .connect()
                .map_err(|error| format!("no connection: {error}"))?,
        };
        // Whoever is refused in the middle of a request may still read the answer.
        let written = stream.write_all(&request.bytes());
        let answer = read(&mut stream, request.method)?;
        let is_kept = written.is_ok() && answer.status < 400 && answer.header("connection") != Some("close");
        // What else the refused connection holds is not read as an answer to the next request.
        self.stream = is_kept.then_some(stream);
        Ok(answer)
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

const CLOSED: &str = "closed without an answer";

fn read(stream: &mut TcpStream, method: &str) -> Result<Answer, String> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end;
        }
        if more(stream, &mut bytes)? == 0 {
            return Err(CLOSED.to_owned());
        }
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "headers that are not text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or("no status")?;
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer {
        status,
        headers,
        body: bytes.split_off(end + 4),
    };
    if method == "HEAD" || matches!(status, 204 | 304) {
        return Ok(answer);
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        while !answer.body.ends_with(b"0\r\n\r\n") {
            if more(stream, &mut answer.body)? == 0 {
                return Err("closed in the middle of an answer".to_owned());
            }
        }
        return Ok(answer);
    }
    let length = answer
        .header("content-length")
        .and_then(|value| value.parse().ok());
    let length: usize = length.unwrap_or_default();
    while answer.body.len() < length {
        if more(stream, &mut answer.body)? == 0 {
            return Err("closed in the middle of an answer".to_owned());
        }
    }
    Ok(answer)
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<usize, String> {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(count) => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(count)
        }
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(0),
        Err(error) => Err(format!("no answer in time: {error}")),
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
