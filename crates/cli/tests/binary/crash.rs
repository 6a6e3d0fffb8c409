//! A server that is killed loses nothing it acknowledged (RE-1) and leaves nothing half done (RE-2).

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::{self, Server, credentials};

const CLIENTS: usize = 200;
const BEFORE_THE_KILL: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Acknowledged,
    Refused,
    Unknown,
}

#[test]
fn re_1_re_2_a_kill_loses_no_acknowledged_sign_up_and_leaves_no_user_without_an_account() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start(home.path());
    let barrier = Barrier::new(CLIENTS + 1);
    let answered = AtomicUsize::new(0);
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|index| {
                let (server, barrier, answered) = (server.address(), &barrier, &answered);
                scope.spawn(move || {
                    barrier.wait();
                    match support::post(server, "/sign-up/email", &credentials(index)) {
                        Ok((200, _)) => {
                            answered.fetch_add(1, Ordering::Relaxed);
                            Outcome::Acknowledged
                        }
                        Ok(_) => Outcome::Refused,
                        Err(_) => Outcome::Unknown,
                    }
                })
            })
            .collect();
        barrier.wait();
        while answered.load(Ordering::Relaxed) < BEFORE_THE_KILL {
            thread::sleep(Duration::from_millis(1));
        }
        server.kill();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let acknowledged = outcomes
        .iter()
        .filter(|outcome| **outcome == Outcome::Acknowledged)
        .count();
    assert!(
        (BEFORE_THE_KILL..CLIENTS).contains(&acknowledged),
        "{acknowledged} sign-ups were answered before the kill"
    );

    let server = Server::start(home.path());
    for (index, outcome) in outcomes.into_iter().enumerate() {
        let (status, _) = support::post(server.address(), "/sign-in/email", &credentials(index)).unwrap();
        match (outcome, status) {
            (_, 200) => {}
            (Outcome::Acknowledged, status) => panic!("an acknowledged user cannot sign in: {status}"),
            // Nobody, or a user without an account? Of the first the address is still free.
            (_, _) => {
                let (status, body) =
                    support::post(server.address(), "/sign-up/email", &credentials(index)).unwrap();
                assert_eq!(status, 200, "user {index} was left half done: {body}");
            }
        }
    }
}
