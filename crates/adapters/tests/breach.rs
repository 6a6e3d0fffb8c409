//! The range query for breached passwords, against servers that answer well, badly, too much and not at all.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use doorward_adapters::outgoing::OutgoingUrl;
use doorward_adapters::password::RangeQuery;
use doorward_domain::ErrorChain;
use doorward_domain::password::{BreachedPasswords, Password};

/// SHA-1 of `password` is 5BAA6 and this.
const REST: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
const OTHER: &str = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC";
/// Room for a busy machine.
const PATIENT: Duration = Duration::from_secs(5);
const HURRIED: Duration = Duration::from_millis(200);

/// A server that does this with each connection, after its request was read; and the requests.
fn serve(act: impl Fn(&mut TcpStream) + Send + 'static) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 1024]);
            while !request.ends_with(b"\r\n\r\n") {
                match connection.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&buffer[..read]),
                }
            }
            if sender
                .send(String::from_utf8_lossy(&request).into_owned())
                .is_err()
            {
                return;
            }
            act(&mut connection);
        }
    });
    (address, requests)
}

fn answering(answer: impl Into<Vec<u8>>) -> (SocketAddr, Receiver<String>) {
    let answer = answer.into();
    // A client that hangs up early is what some of the tests are about.
    serve(move |connection| drop(connection.write_all(&answer)))
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// What the service at this URL says of `password`; an error as text.
async fn ask(url: &str, timeout: Duration) -> Result<bool, String> {
    let query = RangeQuery::new(OutgoingUrl::parse(url).unwrap(), timeout).unwrap();
    let outcome = query.contains(&Password::new("password")).await;
    outcome.map_err(|error| {
        let text = ErrorChain(&error).to_string();
        assert!(!text.contains("5BAA6"), "SK-1: {text}");
        text
    })
}

async fn ask_at(address: SocketAddr) -> Result<bool, String> {
    ask(&format!("http://{address}/range/"), PATIENT).await
}

#[tokio::test]
async fn pw_8_five_digits_are_told_and_the_rest_is_looked_for_here() {
    for (list, is_known) in [
        (format!("{OTHER}:3\r\n{REST}:10437277"), true),
        (format!("{OTHER}:3\r\n{REST}:0"), false),
        (format!("{OTHER}:3"), false),
    ] {
        let (address, requests) = answering(ok(&list));
        assert_eq!(ask_at(address).await, Ok(is_known), "{list}");
        let request = requests.recv().unwrap();
        assert!(request.starts_with("GET /range/5BAA6 HTTP/1.1\r\n"), "{request}");
        assert!(
            request.to_lowercase().contains("add-padding: true\r\n"),
            "{request}"
        );
        assert!(
            !request.contains("1E4C9") && !request.to_lowercase().contains("password"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn pw_8_what_is_no_list_is_no_answer() {
    let none = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    let busy = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{OTHER}:3\r\n");
    for answer in [
        ok("<html>captive portal</html>"),
        ok(""),
        "nonsense".to_owned(),
        String::new(),
        cut,
        none.to_owned(),
        busy.to_owned(),
    ] {
        let (address, _requests) = answering(answer.clone());
        assert!(ask_at(address).await.is_err(), "{answer}");
    }
}

#[tokio::test]
async fn pw_8_nobody_waits_for_a_service_that_says_nothing() {
    let begin = Instant::now();
    let held = |answer: &'static str| {
        serve(move |connection| {
            connection.write_all(answer.as_bytes()).unwrap();
            // Until the client hangs up.
            drop(connection.read(&mut [0]));
        })
    };
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n0"] {
        let (address, _requests) = held(answer);
        let outcome = ask(&format!("http://{address}/range/"), HURRIED).await;
        assert!(outcome.is_err(), "{answer}");
    }
    assert!(begin.elapsed() < PATIENT, "{:?}", begin.elapsed());
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(ask_at(gone).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn in_6_an_answer_without_end_is_not_read_to_it() {
    let mut line = String::new();
    let _ = write!(line, "{OTHER}:3\r\n");
    let (address, _requests) = serve(move |connection| {
        let chunk = format!("{:x}\r\n{line}\r\n", line.len());
        drop(connection.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
        while connection.write_all(chunk.as_bytes()).is_ok() {}
    });
    let refused = ask_at(address).await.unwrap_err();
    assert!(refused.contains("larger than 1 MiB"), "{refused}");
}

#[tokio::test]
async fn in_6_redirects_are_not_followed() {
    let private = TcpListener::bind("127.0.0.1:0").unwrap();
    private.set_nonblocking(true).unwrap();
    let secret = private.local_addr().unwrap();
    for status in [
        "301 Moved",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent",
    ] {
        let (address, _requests) = answering(format!(
            "HTTP/1.1 {status}\r\nlocation: http://{secret}/range/5BAA6\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ));
        let refused = ask_at(address).await.unwrap_err();
        assert!(refused.contains(&status[..3]), "{refused}");
    }
    let visitor = private.accept().map_err(|error| error.kind());
    assert!(matches!(visitor, Err(ErrorKind::WouldBlock)), "{visitor:?}");
}

#[tokio::test]
async fn in_6_with_https_nothing_is_said_in_clear() {
    let (address, requests) = answering(ok(&format!("{OTHER}:3")));
    let port = address.port();
    assert!(ask(&format!("https://localhost:{port}/"), HURRIED).await.is_err());
    assert!(!requests.recv().unwrap_or_default().contains("GET"));
}
