//! A secret that is replaced while two nodes serve: not one request fails.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{RwLock, TryLockError};
use std::thread;
use std::time::Duration;

use doorward_testing::{Browser, TestDatabase};
use serde_json::json;

use crate::support::{Server, credentials, until};

const OLD: &str = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e";
const NEW: &str = "3b7e0a94d16c58f2a05b4c7d9e8f6a12";
const BASE_URL: &str = "http://127.0.0.1:4996";
const CLIENTS: usize = 3;

/// Two servers on one database. Whoever sends a request to one keeps it from being restarted meanwhile, as a load balancer does.
struct Nodes<'a> {
    home: &'a Path,
    database: &'a str,
    running: [RwLock<Server>; 2],
    starts: AtomicU32,
}

impl<'a> Nodes<'a> {
    fn start(home: &'a Path, database: &'a str, secrets: (&str, &str)) -> Self {
        let starts = AtomicU32::new(0);
        let start = || RwLock::new(start(home, database, secrets, &starts));
        let running = [start(), start()];
        Self {
            home,
            database,
            running,
            starts,
        }
    }

    /// Restarts one after the other. Each is told to stop when no request is on its way to it.
    fn roll(&self, secrets: (&str, &str)) {
        for node in &self.running {
            let mut server = node.write().unwrap();
            let ended = server.terminate(Duration::from_mins(1));
            assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
            *server = start(self.home, self.database, secrets, &self.starts);
        }
    }

    /// Does something with a node, or else, while that one is restarted, with the other.
    fn with<T>(&self, node: usize, act: impl Fn(SocketAddr) -> T) -> T {
        for node in [node, 1 - node].into_iter().cycle() {
            match self.running[node].try_read() {
                Ok(server) => return act(server.address()),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Poisoned(_)) => break,
            }
        }
        panic!("a node did not start");
    }

    fn logs(&self) -> String {
        let starts = 0..self.starts.load(Ordering::SeqCst);
        let log = |start| fs::read_to_string(self.home.join(format!("log-{start}"))).unwrap();
        starts.map(log).collect()
    }
}

fn start(home: &Path, database: &str, secrets: (&str, &str), starts: &AtomicU32) -> Server {
    let log = home.join(format!("log-{}", starts.fetch_add(1, Ordering::SeqCst)));
    let environment = [
        ("DOORWARD_DATABASE__URL", database),
        ("DOORWARD_BASE_URL", BASE_URL),
        ("DOORWARD_RATE_LIMIT__ENABLED", "false"),
        // Every read refreshes the session, and its cookie is signed anew.
        ("DOORWARD_SESSION__UPDATE_AGE", "0"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_VERIFICATION_EMAIL", "true"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP", "true"),
        secrets,
    ];
    Server::start_logging(home, &environment, File::create(log).unwrap())
}

fn browser(address: SocketAddr) -> Browser {
    let mut browser = Browser::new(address);
    browser.origin = Some(BASE_URL.to_owned());
    browser
}

/// Whether a node knows who sends this.
fn is_signed_in(nodes: &Nodes<'_>, node: usize, browser: &mut Browser) -> bool {
    let cookies = browser.cookies.clone();
    let (status, text, after) = nodes.with(node, |address| {
        let mut browser = browser.clone();
        browser.cookies.clone_from(&cookies);
        browser.turn_to(address);
        let answer = browser.get("/get-session");
        (answer.status, answer.text, browser.cookies)
    });
    assert_eq!(status, 200, "{text}");
    browser.cookies = after;
    text != "null"
}

/// Uses a session of long ago on both nodes, and begins others, until it is told to stop.
fn use_it(nodes: &Nodes<'_>, client: usize, rounds: &AtomicU32, stop: &AtomicBool) {
    let signed_up = |index| {
        nodes.with(client % 2, |address| {
            let mut browser = browser(address);
            let answer = browser.post("/sign-up/email", &credentials(index));
            assert_eq!(answer.status, 200, "{}", answer.text);
            browser
        })
    };
    let mut lasting = signed_up(client);
    while !stop.load(Ordering::SeqCst) {
        let round = rounds.load(Ordering::SeqCst);
        for node in [0, 1] {
            assert!(
                is_signed_in(nodes, node, &mut lasting),
                "client {client}, round {round}"
            );
        }
        let node = round as usize % 2;
        let mut passing = nodes.with(node, |address| {
            let mut browser = browser(address);
            let answer = browser.post("/sign-in/email", &credentials(client));
            assert_eq!(answer.status, 200, "{}", answer.text);
            browser
        });
        assert!(
            is_signed_in(nodes, 1 - node, &mut passing),
            "client {client}, round {round}"
        );
        // Writes an email that either of the nodes sends.
        signed_up(CLIENTS * (round as usize + 1) + client);
        let left = nodes.with(node, |address| {
            let mut browser = passing.clone();
            browser.turn_to(address);
            browser.post("/sign-out", &json!({})).status
        });
        assert_eq!(left, 200);
        rounds.fetch_add(1, Ordering::SeqCst);
    }
}

fn rotate_on(database: &str) {
    let home = tempfile::tempdir().unwrap();
    let (old, new) = (format!("1:{OLD}"), format!("2:{NEW}"));
    let nodes = Nodes::start(home.path(), database, ("DOORWARD_SECRET", OLD));
    let mut idle = nodes.with(0, |address| {
        let mut browser = browser(address);
        assert_eq!(browser.post("/sign-up/email", &credentials(999_999)).status, 200);
        browser
    });
    let (stop, rounds) = (AtomicBool::new(false), [const { AtomicU32::new(0) }; CLIENTS]);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (nodes, rounds, stop) = (&nodes, &rounds[client], &stop);
                scope.spawn(move || use_it(nodes, client, rounds, stop))
            })
            .collect();
        let everybody_went_on = || {
            let before: Vec<_> = rounds
                .iter()
                .map(|rounds| rounds.load(Ordering::SeqCst))
                .collect();
            until(|| {
                let went_on =
                    |(rounds, before): (&AtomicU32, &u32)| rounds.load(Ordering::SeqCst) > before + 1;
                clients.iter().any(thread::ScopedJoinHandle::is_finished)
                    || rounds.iter().zip(&before).all(went_on)
            });
        };
        everybody_went_on();
        // First every node learns to verify with the new secret, then they begin to sign with it.
        for secrets in [format!("{old},{new}"), format!("{new},{old}"), new.clone()] {
            if secrets == new {
                let still_counts = is_signed_in(&nodes, 1, &mut idle.clone());
                assert!(still_counts, "a cookie of a secret that is listed counts");
            }
            nodes.roll(("DOORWARD_SECRETS", &secrets));
            everybody_went_on();
        }
        stop.store(true, Ordering::SeqCst);
        for client in clients {
            client.join().unwrap();
        }
    });
    assert!(
        !is_signed_in(&nodes, 0, &mut idle),
        "KR-1: a cookie of a secret that is removed counts no more"
    );
    let logs = nodes.logs();
    for trouble in ["another secret", "cannot be read", "ERROR"] {
        let found = logs.lines().find(|line| line.contains(trouble));
        assert_eq!(found, None);
    }
    assert!(
        logs.contains("email sent"),
        "emails were sealed and opened all the while"
    );
}

#[test]
fn kr_2_a_rotation_on_two_nodes_fails_no_request_on_sqlite() {
    let database = TestDatabase::sqlite();
    rotate_on(database.url());
}

#[tokio::test]
async fn kr_2_a_rotation_on_two_nodes_fails_no_request_on_postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        rotate_on(database.url());
    }
}
