//! The breach check as an operator switches it on.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use serde_json::json;

use crate::support::{Server, credentials, doorward, post};

/// SHA-1 of the password of [`credentials`].
const PREFIX: &str = "98DEC";
const REST: &str = "C62ECE399A22ED30D490EF333BE7FDE7385";
const OTHER: &str = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC";

/// A service that knows one password, until the end of the test.
fn service() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = [0; 4096];
            let read = connection.read(&mut request).unwrap();
            let is_it =
                String::from_utf8_lossy(&request[..read]).starts_with(&format!("GET /range/{PREFIX} "));
            let body = if is_it {
                format!("{REST}:7")
            } else {
                format!("{OTHER}:1")
            };
            let length = body.len();
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            connection.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn pw_8_the_binary_asks_the_configured_service_and_goes_on_without_it() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let sign_up = |url: &str| {
        let environment = [
            ("DOORWARD_PASSWORD__BREACH_CHECK__ENABLED", "true"),
            ("DOORWARD_PASSWORD__BREACH_CHECK__URL", url),
            ("DOORWARD_LOG__LEVEL", "trace"),
        ];
        let server = Server::start_logging(home.path(), &environment, File::create(&log).unwrap());
        let known = post(server.address(), "/sign-up/email", &credentials(1)).unwrap();
        let body = json!({ "name": "Ada", "email": "grace@example.test", "password": "nine green bottles" });
        let unknown = post(server.address(), "/sign-up/email", &body).unwrap();
        drop(server);
        let logged = fs::read_to_string(&log).unwrap();
        for secret in ["correct horse battery", "nine green bottles", REST] {
            assert!(!logged.contains(secret), "SK-1: {secret}");
        }
        (known, unknown, logged)
    };
    let (known, unknown, _) = sign_up(&format!("http://{}/range/", service()));
    assert_eq!(known.0, 400, "{}", known.1);
    assert!(known.1.contains("PASSWORD_COMPROMISED"), "{}", known.1);
    assert_eq!(unknown.0, 200, "{}", unknown.1);

    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (known, _, logged) = sign_up(&format!("http://{gone}/range"));
    assert_eq!(known.0, 200, "{}", known.1);
    let line = logged
        .lines()
        .find(|line| line.contains("without looking for it"))
        .unwrap();
    assert!(line.contains("WARN") && line.contains("unavailable=1"), "{line}");
}

#[test]
fn in_6_a_service_that_must_not_be_asked_stops_the_start() {
    let home = tempfile::tempdir().unwrap();
    for url in [
        "http://api.example.com/range/",
        "https://10.0.0.1/range/",
        "https://[::ffff:169.254.169.254]/",
        "api.example.com",
    ] {
        let check = |enabled: &str| {
            let mut command = doorward(home.path());
            command
                .args(["config", "check"])
                .env("DOORWARD_PASSWORD__BREACH_CHECK__ENABLED", enabled)
                .env("DOORWARD_PASSWORD__BREACH_CHECK__URL", url);
            command.output().unwrap()
        };
        let refused = check("true");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{url}: {said}");
        assert!(
            said.contains("password.breach_check.url (from DOORWARD_PASSWORD__BREACH_CHECK__URL)"),
            "{said}"
        );
        assert!(check("false").status.success(), "{url}");
    }
}
