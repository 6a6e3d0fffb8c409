//! A mail server that is away (RE-10).

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{self, Server, credentials};

#[test]
fn re_10_without_a_mail_server_requests_are_answered_and_emails_go_when_it_is_back() {
    let home = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("smtp://{address}?tls=none");
    let environment = [
        ("DOORWARD_MAIL__SMTP_URL", url.as_str()),
        ("DOORWARD_MAIL__FROM", "noreply@example.test"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_VERIFICATION_EMAIL", "true"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP", "true"),
    ];
    let mut server = Server::start_logging(home.path(), &environment, Stdio::null());
    for index in 0..3 {
        let begin = Instant::now();
        let (status, answer) =
            support::post(server.address(), "/sign-up/email", &credentials(index)).unwrap();
        assert_eq!(status, 200, "{answer}");
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "a request waits for no mail server"
        );
    }
    // What waits survives a kill.
    server.kill();
    let _server = Server::start_logging(home.path(), &environment, Stdio::null());
    let relay = TcpListener::bind(address).unwrap();
    let back = Instant::now();
    let mut sent = 0;
    while sent < 3 {
        let (mut stream, _) = relay.accept().unwrap();
        stream.write_all(b"220 ready\r\n").unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut in_email = false;
        while let Some(Ok(line)) = lines.next() {
            if in_email && line != "." {
                continue;
            }
            sent += usize::from(in_email);
            in_email = line == "DATA";
            let reply = if in_email { "354 go on" } else { "250 fine" };
            // The client may be gone.
            drop(stream.write_all(format!("{reply}\r\n").as_bytes()));
            if sent == 3 {
                break;
            }
        }
    }
    // A lease of the killed server may have to run out first: five minutes.
    assert!(back.elapsed() < Duration::from_mins(6), "{:?}", back.elapsed());
}
