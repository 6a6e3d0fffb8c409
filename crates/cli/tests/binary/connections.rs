//! Clients that send nothing, or half of something, keep nobody else out (RE-13).

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{self, Server};

/// Fewer than there are silent clients.
const OPEN_FILES: u32 = 256;
const SILENT: usize = 400;

#[test]
fn re_13_silent_clients_do_not_close_the_door() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let server = Server::start_with_open_files(home.path(), OPEN_FILES, File::create(&log).unwrap());
    let half_a_body = "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    for sent in ["", "GET /api/auth/ok HTTP/1.1\r\nHo", half_a_body] {
        let silent: Vec<TcpStream> = (0..SILENT)
            .map(|_| {
                let mut client = TcpStream::connect(server.address()).unwrap();
                // A connection that gave way to a later one may be gone already.
                drop(client.write_all(sent.as_bytes()));
                client
            })
            .collect();
        let begin = Instant::now();
        for index in 0..5 {
            let (status, _) = support::get(server.address(), "/ok").unwrap();
            assert_eq!(
                status, 200,
                "request {index} beside {SILENT} clients that sent {sent:?}"
            );
        }
        let took = begin.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "{took:?} beside clients that sent {sent:?}"
        );
        drop(silent);
    }
    let (status, answer) =
        support::post(server.address(), "/sign-up/email", &support::credentials(1)).unwrap();
    assert_eq!(status, 200, "{answer}");
    let log = fs::read_to_string(&log).unwrap();
    assert!(!log.contains("Too many open files"), "{log}");
    assert!(log.contains("the limit of open files keeps clients out"), "{log}");
}

/// Requests that are being answered do not give way to clients that say nothing.
#[test]
fn re_13_what_is_being_answered_is_not_given_up_for_silent_clients() {
    let home = tempfile::tempdir().unwrap();
    let log = File::create(home.path().join("log")).unwrap();
    let server = Server::start_with_open_files(home.path(), OPEN_FILES, log);
    let address = server.address();
    let busy: Vec<TcpStream> = (0..20)
        .map(|index| {
            let body = support::credentials(index).to_string();
            let request = format!(
                "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let mut client = TcpStream::connect(address).unwrap();
            client.write_all(request.as_bytes()).unwrap();
            client
        })
        .collect();
    // Both workers have read what came before these.
    for _ in 0..20 {
        assert_eq!(support::get(address, "/ok").unwrap().0, 200);
    }
    let silent: Vec<_> = (0..SILENT)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    for mut client in busy {
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    drop(silent);
}
