//! A PostgreSQL that says nothing any more: frozen, or behind a wire that was cut without a word (RE-6).

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client;
use crate::life;
use crate::postgres::Postgres;
use crate::printed::Printed;
use crate::scale::figure;
use crate::support::{Server, credentials, until};
use crate::wire::Wire;

/// Two seconds for the database, and one for a machine that has other things to do.
const SOON: Duration = Duration::from_secs(3);
const BACK: Duration = Duration::from_secs(10);
const CLIENTS: usize = 20;

struct Silent {
    server: Server,
    wire: Arc<Wire>,
    printed: Printed,
    _database: Postgres,
    _home: tempfile::TempDir,
}

impl Silent {
    fn start(options: &[(&'static str, &'static str)]) -> Option<Self> {
        let database = Postgres::start()?;
        let (proxy, wire) = Wire::before(database.address());
        let url = format!("postgres://postgres@{proxy}/postgres");
        let home = tempfile::tempdir().unwrap();
        let printed = Printed::to(home.path().join("printed"));
        let mut environment = vec![
            ("DOORWARD_DATABASE__URL", url.as_str()),
            ("DOORWARD_SECRET", life::SECRET),
        ];
        environment.extend(life::OPTIONS);
        environment.extend(options.iter().copied());
        let server = Server::start_writing(home.path(), &environment, printed.file(), Stdio::null());
        let silent = Self {
            server,
            wire,
            printed,
            _database: database,
            _home: home,
        };
        let answer = client::post(silent.server.address(), "/sign-up/email", None, &credentials(0));
        assert_eq!(answer.unwrap().status, 200);
        Some(silent)
    }

    /// Asks for something that the database has to know. Whether it knew, and how soon.
    fn ask(&self) -> (bool, Duration) {
        let begin = Instant::now();
        let unknown = json!({ "token": "a token that nobody has", "newPassword": "another horse battery" });
        let answer = client::post(self.server.address(), "/reset-password", None, &unknown).unwrap();
        assert!(answer.status == 400 || answer.is_unavailable(), "{answer:?}");
        (answer.status == 400, begin.elapsed())
    }

    /// As many at once as there are connections to the database, and more.
    fn crowd(&self) -> Vec<(bool, Duration)> {
        thread::scope(|scope| {
            let asking: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| self.ask())).collect();
            asking.into_iter().map(|asked| asked.join().unwrap()).collect()
        })
    }

    fn readiness(&self) -> u16 {
        client::get_outside(self.server.address(), "/readyz").unwrap()
    }

    /// The worker that sends emails asks the database all the time: the silence met it, too.
    fn workers_go_on(&self) {
        let (before, email) = (self.printed.text().len(), "ada-0@example.test");
        let body = json!({ "email": email });
        let answer = client::post(self.server.address(), "/request-password-reset", None, &body).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        until(|| self.printed.text().len() > before);
    }

    /// Falls silent, and is well again. The longest wait for a 503 meanwhile.
    fn freeze_and_thaw(&self) -> Duration {
        self.crowd();
        self.wire.is_frozen.store(true, Ordering::Relaxed);
        let begin = Instant::now();
        assert_eq!(self.readiness(), 503);
        let mut longest = begin.elapsed();
        for (is_known, wait) in self.crowd().into_iter().chain([self.ask()]) {
            assert!(!is_known);
            longest = longest.max(wait);
        }
        self.wire.is_frozen.store(false, Ordering::Relaxed);
        let back = Instant::now();
        until(|| self.readiness() == 200 && self.ask().0);
        let took = back.elapsed();
        assert!(took < BACK, "all was well only after {took:?}");
        self.workers_go_on();
        longest
    }
}

#[test]
fn re_6_re_10_a_frozen_database_is_503_within_two_seconds_and_nothing_is_left_of_it() {
    let Some(silent) = Silent::start(&[]) else { return };
    let longest = silent.freeze_and_thaw().max(silent.freeze_and_thaw());
    assert!(longest < SOON, "a 503 took {longest:?}");
    figure(
        "PostgreSQL frozen twice: the longest wait for a 503",
        format_args!("{:.1} s", longest.as_secs_f64()),
    );
}

/// The requests are counted there, too: that must not be waited for in addition.
#[test]
fn re_6_rl_9_limits_in_a_frozen_database_keep_nobody_waiting_either() {
    let options = [
        ("DOORWARD_RATE_LIMIT__ENABLED", "true"),
        ("DOORWARD_RATE_LIMIT__STORAGE", "database"),
        ("DOORWARD_RATE_LIMIT__MAX", "100000"),
    ];
    let Some(silent) = Silent::start(&options) else {
        return;
    };
    let longest = silent.freeze_and_thaw();
    assert!(longest < 2 * SOON, "a 503 took {longest:?}");
}

#[test]
fn re_6_connections_that_died_without_a_word_fail_hardly_any_request() {
    let Some(silent) = Silent::start(&[]) else { return };
    silent.crowd();
    silent.wire.generation.fetch_add(1, Ordering::Relaxed);
    let asked: Vec<_> = (0..CLIENTS).map(|_| silent.ask()).collect();
    let failed = asked.iter().filter(|(is_known, _)| !is_known).count();
    assert!(failed <= 1, "{failed} of {CLIENTS} requests failed: {asked:?}");
    let in_all: Duration = asked.iter().map(|(_, wait)| *wait).sum();
    figure(
        "PostgreSQL cut off without a word: of 20 requests failed, and the time of all together",
        format_args!("{failed}, {:.1} s", in_all.as_secs_f64()),
    );
}
