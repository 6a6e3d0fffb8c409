//! Killed again and again (RE-1).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::client;
use crate::support::{self, Server, credentials};

const ROUNDS: usize = 5;
const CLIENTS: usize = 8;
const BEARER: [(&str, &str); 1] = [("DOORWARD_BEARER__ENABLED", "true")];

/// What was acknowledged before a kill.
#[derive(Default)]
struct Acknowledged {
    live: Vec<String>,
    revoked: Vec<String>,
}

/// The session of this token, or null.
fn session(server: &Server, token: &str) -> Value {
    let (status, answer) = support::get_with_bearer(server.address(), "/get-session", token).unwrap();
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn re_1_no_kill_loses_what_was_acknowledged_or_revives_what_was_revoked() {
    let home = tempfile::tempdir().unwrap();
    let (known, next) = (Mutex::new(Acknowledged::default()), AtomicUsize::new(0));
    for round in 1..=ROUNDS {
        let mut server = Server::start_logging(home.path(), &BEARER, std::process::Stdio::null());
        let address = server.address();
        let enough = next.load(Ordering::Relaxed) + 2 * CLIENTS;
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    // Until the server is killed.
                    loop {
                        let user = credentials(next.fetch_add(1, Ordering::Relaxed));
                        let Ok((200, answer)) = support::post(address, "/sign-up/email", &user) else {
                            return;
                        };
                        let answer: Value = serde_json::from_str(&answer).unwrap();
                        let first = answer["token"].as_str().unwrap().to_owned();
                        let Ok((200, answer)) = support::post(address, "/sign-in/email", &user) else {
                            return;
                        };
                        let answer: Value = serde_json::from_str(&answer).unwrap();
                        let second = answer["token"].as_str().unwrap().to_owned();
                        known.lock().unwrap().live.push(second);
                        let signed_out = client::post_with_bearer(address, "/sign-out", &first, &json!({}));
                        if !matches!(signed_out, Ok((200, _))) {
                            return;
                        }
                        known.lock().unwrap().revoked.push(first);
                    }
                });
            }
            support::until(|| next.load(Ordering::Relaxed) >= enough);
            server.kill();
        });
        let server = Server::start_logging(home.path(), &BEARER, std::process::Stdio::null());
        let known = known.lock().unwrap();
        for token in &known.live {
            assert!(
                session(&server, token).is_object(),
                "round {round}: a session is lost"
            );
        }
        for token in &known.revoked {
            assert!(
                session(&server, token).is_null(),
                "round {round}: a session is back"
            );
        }
        assert!(!known.live.is_empty() && !known.revoked.is_empty());
    }
}
