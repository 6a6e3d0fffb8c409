//! Databases that go away under load (RE-1, RE-5, RE-6).

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::life::{self, Life, World};
use crate::postgres::Postgres;
use crate::printed::Printed;
use crate::scale::{Over, cycles, figure};
use crate::support::{Server, credentials, until};
use crate::wire::Wire;

const CLIENTS: usize = 4;
/// How soon after its return everything has to work again.
const BACK: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
enum Outage {
    Restarted,
    Stopped,
    Crashed,
    Frozen,
}

impl Outage {
    const ALL: [Self; 4] = [Self::Restarted, Self::Stopped, Self::Crashed, Self::Frozen];

    /// Begins and ends. In between the server says that it cannot serve, but for a freeze, which it may sit out.
    fn befall(self, database: &Postgres, server: &Server) {
        let is_noticed = || client::get_outside(server.address(), "/readyz").unwrap() == 503;
        match self {
            Self::Restarted => {
                database.stop("fast");
                database.go_on();
            }
            Self::Stopped | Self::Crashed => {
                let is_crash = matches!(self, Self::Crashed);
                database.stop(if is_crash { "immediate" } else { "fast" });
                until(is_noticed);
                assert_eq!(client::get_outside(server.address(), "/healthz").unwrap(), 200);
                database.go_on();
            }
            Self::Frozen => {
                database.freeze();
                thread::sleep(Duration::from_secs(3));
                database.thaw();
            }
        }
    }
}

fn start(database: &str, home: &std::path::Path, printed: &Printed) -> Server {
    let mut environment = vec![
        ("DOORWARD_DATABASE__URL", database),
        ("DOORWARD_SECRET", life::SECRET),
    ];
    environment.extend(life::OPTIONS);
    Server::start_writing(home, &environment, printed.file(), Stdio::null())
}

#[test]
fn re_1_re_5_an_outage_under_load_is_over_when_the_database_is_back_and_loses_nothing() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let printed = Printed::to(home.path().join("printed"));
    let server = start(&database.url(), home.path(), &printed);
    let (acknowledged, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let world = World {
        server: server.address(),
        printed: &printed,
        acknowledged: &acknowledged,
        is_over: &is_over,
    };
    let outages = cycles(4, 100);
    let (mut longest, signed_up) = (Duration::ZERO, AtomicUsize::new(0));
    let lives = thread::scope(|scope| {
        let over = Over(&is_over);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let world = &world;
                // What is not acknowledged was answered 503 with `Retry-After`, or else the life fails the test.
                scope.spawn(move || {
                    let mut led = Vec::new();
                    while !world.is_over.load(Ordering::Relaxed) {
                        let mut life = Life::new(&format!("ada-{client}-{}", led.len()));
                        life.lead(world);
                        led.push(life);
                    }
                    led
                })
            })
            .collect();
        let goes_on = || {
            let enough = acknowledged.load(Ordering::Relaxed) + 2 * CLIENTS;
            until(|| acknowledged.load(Ordering::Relaxed) >= enough);
        };
        for outage in Outage::ALL.into_iter().cycle().take(outages) {
            goes_on();
            outage.befall(&database, &server);
            let back = Instant::now();
            until(|| client::get_outside(server.address(), "/readyz").unwrap() == 200);
            until(|| {
                let user = credentials(signed_up.fetch_add(1, Ordering::Relaxed));
                client::post(server.address(), "/sign-up/email", None, &user)
                    .unwrap()
                    .status
                    == 200
            });
            let took = back.elapsed();
            assert!(took < BACK, "{outage:?} was over only after {took:?}");
            longest = longest.max(took);
        }
        goes_on();
        drop(over);
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect::<Vec<_>>()
    });
    for life in &lives {
        life.check(server.address());
    }
    figure(
        "outages of PostgreSQL under load (restarted, stopped, crashed, frozen): nothing lost, longest until all works again",
        format_args!("{outages} outages, {:.1} s", longest.as_secs_f64()),
    );
}

/// A server that may lose the answer to a commit.
struct Losing {
    wire: Arc<Wire>,
    server: Server,
    printed: Printed,
    users: AtomicUsize,
}

impl Losing {
    fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        client::post(self.server.address(), path, token, body).unwrap()
    }

    fn next_user(&self) -> Value {
        credentials(self.users.fetch_add(1, Ordering::Relaxed))
    }

    fn signed_up(&self) -> (Value, String) {
        let user = self.next_user();
        let answer = self.post("/sign-up/email", None, &user);
        assert_eq!(answer.status, 200, "{answer:?}");
        (user, answer.token())
    }

    /// Prepares something and loses a commit while it is done, again and again until it was a commit of the request and not one
    /// of a worker.
    fn lose<T>(&self, prepare: impl Fn() -> T, act: impl Fn(&T) -> Answer) -> T {
        for _ in 0..100 {
            let prepared = prepare();
            self.wire.lost_commits.store(1, Ordering::SeqCst);
            let answer = act(&prepared);
            let was_lost = self.wire.lost_commits.swap(0, Ordering::SeqCst) == 0;
            assert!(was_lost, "nothing was committed");
            if answer.status != 200 {
                assert!(answer.is_unavailable(), "{answer:?}");
                return prepared;
            }
        }
        panic!("the workers commit all the time");
    }
}

/// Whoever sends it again finds it done, or does it. Nobody does it twice.
#[test]
fn re_1_re_4_a_commit_whose_answer_is_lost_is_503_and_done_once() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let (proxy, wire) = Wire::before(database.address());
    let url = format!("postgres://postgres@{proxy}/postgres");
    let home = tempfile::tempdir().unwrap();
    let printed = Printed::to(home.path().join("printed"));
    let server = start(&url, home.path(), &printed);
    let (address, users) = (server.address(), AtomicUsize::new(0));
    let losing = Losing {
        wire,
        server,
        printed,
        users,
    };
    for _ in 0..cycles(3, 20) {
        let sign_up = |user: &Value| losing.post("/sign-up/email", None, user);
        let user = losing.lose(|| losing.next_user(), sign_up);
        let exists = losing.post("/sign-in/email", None, &user).status == 200;
        assert_eq!(sign_up(&user).status, if exists { 422 } else { 200 });
    }

    let sign_out = |token: &String| losing.post("/sign-out", Some(token), &json!({}));
    let token = losing.lose(|| losing.signed_up().1, sign_out);
    assert!(!client::is_live(address, &token), "what was committed holds");

    let link = || {
        let email = losing.signed_up().0["email"].clone();
        let asked = losing.post("/request-password-reset", None, &json!({ "email": email }));
        assert_eq!(asked.status, 200, "{asked:?}");
        let token = losing
            .printed
            .wait_for_token(email.as_str().unwrap(), "/reset-password/");
        (email, token)
    };
    let reset = |(_, token): &(Value, String)| {
        let body = json!({ "token": token, "newPassword": "another horse battery" });
        losing.post("/reset-password", None, &body)
    };
    let link = losing.lose(link, reset);
    let body = json!({ "email": link.0, "password": "another horse battery" });
    let is_reset = losing.post("/sign-in/email", None, &body).status == 200;
    assert_eq!(reset(&link).status, if is_reset { 400 } else { 200 });
    assert_eq!(reset(&link).status, 400, "a link counts twice");
}
