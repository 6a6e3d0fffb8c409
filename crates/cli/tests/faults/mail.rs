//! Mail servers that are away, silent, slow, or refuse (RE-9, RE-10).

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::relay::{Manner, Relay};
use crate::scale::figure;
use crate::support::{self, Server, credentials, until};

/// No request waits for a mail server; a busy machine may be slow.
const ANSWER: Duration = Duration::from_secs(10);
const STOP: Duration = Duration::from_secs(10);
/// RE-10.
const DELIVERY: Duration = Duration::from_mins(1);

fn start(home: &Path, smtp: &str) -> Server {
    let environment = [
        ("DOORWARD_MAIL__SMTP_URL", smtp),
        ("DOORWARD_MAIL__FROM", "noreply@example.test"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_VERIFICATION_EMAIL", "true"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP", "true"),
    ];
    Server::start_logging(home, &environment, Stdio::null())
}

fn address(index: usize) -> String {
    credentials(index)["email"].as_str().unwrap().to_owned()
}

/// Signs some users up, each of whom gets an email, and none of whom waits for it.
fn sign_up(server: &Server, users: std::ops::Range<usize>) {
    for index in users {
        let begin = Instant::now();
        let (status, answer) =
            support::post(server.address(), "/sign-up/email", &credentials(index)).unwrap();
        assert_eq!(status, 200, "{answer}");
        assert!(begin.elapsed() < ANSWER, "a request waits for no mail server");
    }
}

fn are_delivered(relay: &Relay, users: std::ops::Range<usize>) -> bool {
    users.into_iter().all(|index| relay.accepted(&address(index)) > 0)
}

fn assert_delivered_once(relay: &Relay, users: std::ops::Range<usize>) {
    for index in users {
        assert_eq!(relay.accepted(&address(index)), 1, "{}", address(index));
    }
}

/// While the relay behaves badly, users sign up and are answered, and the server stops without waiting. Once the relay is good,
/// everybody gets one email.
#[test]
fn re_9_re_10_whatever_the_relay_does_nobody_waits_and_every_email_comes_once() {
    let mut longest = (Duration::ZERO, Duration::ZERO);
    for manner in [
        Manner::SilentAtConnect,
        Manner::SilentAtData,
        Manner::RefusesUs,
        Manner::TryLater,
        Manner::Slow,
    ] {
        let home = tempfile::tempdir().unwrap();
        let relay = Relay::start(manner);
        let mut server = start(home.path(), &relay.url());
        sign_up(&server, 0..3);
        if manner == Manner::Slow {
            until(|| are_delivered(&relay, 0..3));
        } else {
            until(|| relay.refused() > 0);
        }
        let told = Instant::now();
        let status = server.terminate(STOP);
        assert!(
            status.is_some_and(|status| status.success()),
            "{manner:?}: {status:?}"
        );
        longest.0 = longest.0.max(told.elapsed());
        relay.behave(Manner::Good);
        let server = start(home.path(), &relay.url());
        sign_up(&server, 3..5);
        let back = Instant::now();
        until(|| are_delivered(&relay, 0..5));
        assert!(back.elapsed() < DELIVERY, "{manner:?}: {:?}", back.elapsed());
        longest.1 = longest.1.max(back.elapsed());
        assert_delivered_once(&relay, 0..5);
    }
    figure(
        "a relay that is silent, slow or refuses: every email comes once, longest stop and longest delivery after its return",
        format_args!(
            "{:.1} s, {:.1} s",
            longest.0.as_secs_f64(),
            longest.1.as_secs_f64()
        ),
    );
}

/// Whoever does not exist is not asked for again, and keeps nobody else from getting theirs.
#[test]
fn re_10_a_recipient_that_is_refused_for_good_holds_nobody_up() {
    let home = tempfile::tempdir().unwrap();
    let relay = Relay::start(Manner::NoSuchUser);
    let server = start(home.path(), &relay.url());
    sign_up(&server, 0..1);
    until(|| relay.refused() == 1);
    relay.behave(Manner::Good);
    // The connection that was refused is not used again.
    sign_up(&server, 1..4);
    until(|| are_delivered(&relay, 1..4));
    assert_delivered_once(&relay, 1..4);
    assert_eq!((relay.refused(), relay.accepted(&address(0))), (1, 0));
}

#[test]
fn re_10_without_a_mail_server_requests_are_answered_and_emails_go_when_it_is_back() {
    let home = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut server = start(home.path(), &format!("smtp://{nobody}?tls=none"));
    sign_up(&server, 0..3);
    // What waits survives a kill.
    server.kill();
    let relay = Relay::start(Manner::Good);
    let _server = start(home.path(), &relay.url());
    let back = Instant::now();
    // A lease of the killed server may have to run out first: five minutes.
    while !are_delivered(&relay, 0..3) {
        assert!(back.elapsed() < Duration::from_mins(6), "{:?}", back.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
}
