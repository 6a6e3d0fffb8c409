//! More clients than the server has room for (RE-7, RE-8, RE-13, RE-14).

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{self, Answer};
use crate::scale::{Over, cycles, figure};
use crate::support::{self, Server, credentials, until};

const SILENT: usize = 5000;
const OPEN_FILES: u32 = 1024;
const STORM: usize = 300;
/// So many that no account has ten attempts under way, which would count as guessing (RL-4).
const USERS: usize = 50;
/// RE-14: what the server may have in memory in a storm.
const MOST_MEMORY: u64 = 768;

/// The test itself holds the other ends.
fn allow_open_files() {
    let limit = format!("--nofile={}:", SILENT + 2000);
    let status = Command::new("prlimit")
        .args(["--pid", &std::process::id().to_string(), &limit])
        .status()
        .unwrap();
    assert!(status.success(), "the test may not open {SILENT} connections");
}

#[test]
fn re_13_five_thousand_silent_connections_keep_nobody_out() {
    allow_open_files();
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let server = Server::start_with_open_files(home.path(), OPEN_FILES, File::create(&log).unwrap());
    let silent: Vec<_> = (0..SILENT)
        .map(|_| TcpStream::connect(server.address()).unwrap())
        .collect();
    let mut longest = Duration::ZERO;
    for index in 0..20 {
        let sent = Instant::now();
        let (status, answer) =
            support::post(server.address(), "/sign-up/email", &credentials(index)).unwrap();
        assert_eq!(status, 200, "{answer}");
        longest = longest.max(sent.elapsed());
    }
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    drop(silent);
    let log = fs::read_to_string(&log).unwrap();
    assert!(!log.contains("Too many open files"), "{log}");
    figure(
        "5,000 silent connections where 1,024 files may be open: the longest of 20 sign-ups takes",
        format_args!("{} ms", longest.as_millis()),
    );
}

/// Memory of the server that is really in use, in MiB.
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim()
        .strip_suffix(" kB")
        .unwrap()
        .trim()
        .parse::<u64>()
        .unwrap()
        / 1024
}

/// Sign-ins that come at once, how long the longest took, and how many were let in.
fn storm(server: SocketAddr) -> (Duration, usize) {
    let barrier = Barrier::new(STORM);
    let sign_in = |index: usize| -> (Answer, Duration) {
        barrier.wait();
        let sent = Instant::now();
        let answer = client::post(server, "/sign-in/email", None, &credentials(index % USERS)).unwrap();
        (answer, sent.elapsed())
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..STORM)
            .map(|index| {
                let sign_in = &sign_in;
                scope.spawn(move || sign_in(index))
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    for (answer, _) in &answers {
        assert!(answer.status == 200 || answer.is_unavailable(), "{answer:?}");
    }
    let longest = answers.iter().map(|(_, took)| *took).max().unwrap();
    let let_in = answers.iter().filter(|(answer, _)| answer.status == 200).count();
    (longest, let_in)
}

/// Reads a session again and again on one connection, and answers the time that 99 of 100 stay below.
fn read_sessions(server: SocketAddr, cookie: &str, is_over: &AtomicBool) -> Duration {
    let (agent, url) = (support::agent(), support::url(server, "/get-session"));
    let mut times = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let sent = Instant::now();
        let answer = agent.get(&url).header("cookie", cookie).call().unwrap();
        assert_eq!(answer.status(), 200);
        let text = answer.into_body().read_to_string().unwrap();
        times.push(sent.elapsed());
        assert_ne!(text, "null");
        thread::sleep(Duration::from_millis(2));
    }
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

#[test]
fn re_7_re_8_re_14_a_storm_of_sign_ins_is_answered_or_shed_and_who_is_signed_in_notices_nothing() {
    let home = tempfile::tempdir().unwrap();
    // The queue as it is by default.
    let environment = [("DOORWARD_PASSWORD__QUEUE_PER_THREAD", "8")];
    let server = Server::start_logging(home.path(), &environment, Stdio::null());
    let (address, idle) = (server.address(), memory(&server));
    let cookie = support::signed_up(address, 0);
    for index in 1..USERS {
        support::signed_up(address, index);
    }
    let (is_over, peak) = (AtomicBool::new(false), AtomicU64::new(0));
    let storms = cycles(3, 50);
    let (p99, longest, let_in, first) = thread::scope(|scope| {
        let over = Over(&is_over);
        let reader = scope.spawn(|| read_sessions(address, &cookie, &is_over));
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                peak.fetch_max(memory(&server), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        });
        let (mut longest, mut let_in, mut first) = (Duration::ZERO, 0, None);
        for _ in 0..storms {
            let (took, in_this) = storm(address);
            longest = longest.max(took);
            let_in += in_this;
            assert!(in_this > 0, "nobody gets in");
            first = first.or_else(|| Some(memory(&server)));
        }
        drop(over);
        (reader.join().unwrap(), longest, let_in, first.unwrap())
    });
    let peak = peak.into_inner();
    assert!(p99 < Duration::from_millis(500), "{p99:?} to read a session");
    assert!(longest < Duration::from_secs(30), "somebody waited {longest:?}");
    assert!(peak < MOST_MEMORY, "{peak} MiB");
    // No storm leaves something behind that the next one adds to.
    until(|| memory(&server) <= first * 11 / 10 + 16);
    figure(
        "storms of 300 sign-ins at once: let in, the others shed with 503; longest wait",
        format_args!(
            "{storms} storms, {let_in} of {}, {:.1} s",
            storms * STORM,
            longest.as_secs_f64()
        ),
    );
    figure(
        "get-session in these storms, p99",
        format_args!("{:.1} ms", p99.as_secs_f64() * 1000.0),
    );
    figure(
        "memory: idle, at most in these storms, after the last one",
        format_args!("{idle}, {peak}, {} MiB", memory(&server)),
    );
}
