//! A server that is told to stop waits for nobody else.

use std::io::Write;
use std::net::TcpListener;
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
