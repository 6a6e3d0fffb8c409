//! A server whose output nobody reads any more serves and stops all the same.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::{self, Server, doorward};

/// A server with nothing to finish stops at once; this leaves room for a busy machine.
const STOP: Duration = Duration::from_secs(15);

/// Everything is logged, and mail is printed.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("DOORWARD_LOG__LEVEL", "debug"),
    ("DOORWARD_EMAIL_VERIFICATION__SEND_VERIFICATION_EMAIL", "true"),
    ("DOORWARD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP", "true"),
    ("DOORWARD_BEARER__ENABLED", "true"),
];

fn serves_and_stops(mut server: Server) {
    let address = server.address();
    let (status, answer) = support::post(address, "/sign-up/email", &support::credentials(1)).unwrap();
    assert_eq!(status, 200, "{answer}");
    let token = serde_json::from_str::<Value>(&answer).unwrap()["token"].clone();
    let (status, answer) =
        support::get_with_bearer(address, "/list-sessions", token.as_str().unwrap()).unwrap();
    assert_eq!(status, 200, "{answer}");
    let wrong = serde_json::json!({ "email": "nobody@example.test", "password": "wrong horse battery" });
    assert_eq!(support::post(address, "/sign-in/email", &wrong).unwrap().0, 401);
    let status = server.terminate(STOP);
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn start(home: &Path, output: impl Into<Stdio>, log: impl Into<Stdio>) -> Server {
    Server::start_writing(home, &ENVIRONMENT, output, log)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /dev/full")]
fn re_9_a_full_disk_under_the_log_stops_no_request_and_no_stop() {
    let home = tempfile::tempdir().unwrap();
    serves_and_stops(start(home.path(), Stdio::null(), full()));
}

#[test]
fn re_9_a_log_nobody_reads_stops_no_request_and_no_stop() {
    let home = tempfile::tempdir().unwrap();
    serves_and_stops(start(home.path(), Stdio::null(), Stdio::piped()));
}

#[test]
fn re_9_an_output_nobody_reads_stops_no_start_no_request_and_no_stop() {
    let home = tempfile::tempdir().unwrap();
    serves_and_stops(start(home.path(), Stdio::piped(), Stdio::piped()));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /dev/full")]
fn re_9_a_full_disk_under_all_output_stops_no_start_no_request_and_no_stop() {
    let home = tempfile::tempdir().unwrap();
    serves_and_stops(start(home.path(), full(), full()));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /dev/full")]
fn an_error_nobody_can_read_keeps_its_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let status = doorward(home.path())
        .args(["serve", "--listen", "nonsense"])
        .stderr(full())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
    let status = doorward(home.path())
        .arg("version")
        .stdout(full())
        .stderr(full())
        .status()
        .unwrap();
    assert_eq!(
        status.code(),
        Some(1),
        "an answer that was not given is a failure"
    );
}
