//! A server that is told to stop waits for nobody else.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::support::{self, Server};

/// An email may take 30 s; room for a busy machine is left.
const STOP: Duration = Duration::from_secs(10);

#[test]
fn re_9_a_mail_server_that_falls_silent_does_not_hold_up_the_stop() {
    let home = tempfile::tempdir().unwrap();
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}?tls=none", relay.local_addr().unwrap());
    let environment = [
        ("DOORWARD_MAIL__SMTP_URL", url.as_str()),
        ("DOORWARD_MAIL__FROM", "noreply@example.test"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_VERIFICATION_EMAIL", "true"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP", "true"),
    ];
    let mut server = Server::start_logging(home.path(), &environment, Stdio::null());
    let (status, answer) =
        support::post(server.address(), "/sign-up/email", &support::credentials(1)).unwrap();
    assert_eq!(status, 200, "{answer}");
    let (mut connection, _) = relay.accept().unwrap();
    connection.write_all(b"220 relay.example.test\r\n").unwrap();
    let status = server.terminate(STOP);
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

#[test]
fn re_9_half_a_request_does_not_hold_up_the_stop() {
    let home = tempfile::tempdir().unwrap();
    for sent in [
        "",
        "POST /api/auth/sign-up/email HTTP/1.1\r\nHo",
        "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        "GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut server = Server::start(home.path());
        let mut client = TcpStream::connect(server.address()).unwrap();
        client.write_all(sent.as_bytes()).unwrap();
        // The server has heard it: it answers what comes after on another connection.
        assert_eq!(support::get(server.address(), "/ok").unwrap().0, 200);
        let status = server.terminate(STOP);
        assert!(
            status.is_some_and(|status| status.success()),
            "{sent}: {status:?}"
        );
        let mut heard = String::new();
        // The connection may have been reset.
        drop(client.read_to_string(&mut heard));
        if sent.contains("Content-Length") {
            assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
        }
    }
}

#[test]
fn re_9_a_request_in_flight_is_answered_before_the_stop() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start(home.path());
    let address = server.address();
    let body = support::credentials(1).to_string();
    let mut client = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(10);
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(first.as_bytes()).unwrap();
    assert_eq!(support::get(address, "/ok").unwrap().0, 200);
    server.signal();
    support::until(|| TcpStream::connect(address).is_err());
    client.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    let status = server.wait(STOP);
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}
