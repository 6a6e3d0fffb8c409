//! Two nodes on one database of PostgreSQL.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use doorward_testing::TestDatabase;
use serde_json::{Value, json};

use crate::client;
use crate::support::{self, Server, credentials};

const SECRET: &str = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e9f2c6d1e";

/// A database and two nodes that started together, and what they print.
struct Nodes {
    servers: Vec<Server>,
    _database: TestDatabase,
    home: tempfile::TempDir,
}

impl Nodes {
    /// None where there is no PostgreSQL.
    async fn start() -> Option<Self> {
        let database = TestDatabase::postgres().await?;
        let home = tempfile::tempdir().unwrap();
        let environment = [
            ("DOORWARD_DATABASE__URL", database.url()),
            ("DOORWARD_SECRET", SECRET),
            ("DOORWARD_BEARER__ENABLED", "true"),
            ("DOORWARD_EMAIL_AND_PASSWORD__SEND_RESET_PASSWORD", "true"),
        ];
        let start = |number: usize| {
            let output = File::create(output(home.path(), number)).unwrap();
            Server::start_writing(home.path(), &environment, output, std::process::Stdio::null())
        };
        let servers = thread::scope(|scope| {
            let starting: Vec<_> = (0..2).map(|number| scope.spawn(move || start(number))).collect();
            starting
                .into_iter()
                .map(|server| server.join().unwrap())
                .collect()
        });
        Some(Self {
            servers,
            _database: database,
            home,
        })
    }

    /// Posts so often at once, to one node after the other, and answers the statuses.
    fn together(&self, count: usize, path: &str, body: impl Fn(usize) -> Value + Sync) -> Vec<u16> {
        let barrier = Barrier::new(count);
        thread::scope(|scope| {
            let clients: Vec<_> = (0..count)
                .map(|index| {
                    let (barrier, body) = (&barrier, &body);
                    let address = self.servers[index % 2].address();
                    scope.spawn(move || {
                        barrier.wait();
                        support::post(address, path, &body(index)).unwrap().0
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        })
    }

    /// Everything that was printed.
    fn printed(&self) -> String {
        (0..2)
            .map(|number| fs::read_to_string(output(self.home.path(), number)).unwrap())
            .collect()
    }
}

fn output(home: &Path, number: usize) -> std::path::PathBuf {
    home.join(format!("output-{number}"))
}

fn count(statuses: &[u16], wanted: u16) -> usize {
    statuses.iter().filter(|status| **status == wanted).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn re_3_of_a_hundred_sign_ups_for_one_address_on_two_nodes_one_succeeds() {
    let Some(nodes) = Nodes::start().await else {
        return;
    };
    let statuses = nodes.together(100, "/sign-up/email", |index| {
        let email = if index % 3 == 0 {
            "ADA@example.test"
        } else {
            "ada@example.test"
        };
        json!({ "name": "Ada", "email": email, "password": "correct horse battery" })
    });
    assert_eq!(count(&statuses, 200), 1, "{statuses:?}");
    assert_eq!(count(&statuses, 422) + count(&statuses, 503), 99, "{statuses:?}");
    let (status, _) = support::post(
        nodes.servers[1].address(),
        "/sign-in/email",
        &json!({ "email": "ada@example.test", "password": "correct horse battery" }),
    )
    .unwrap();
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn re_4_of_fifty_uses_of_one_token_on_two_nodes_one_has_an_effect() {
    let Some(nodes) = Nodes::start().await else {
        return;
    };
    let address = nodes.servers[0].address();
    assert_eq!(
        support::post(address, "/sign-up/email", &credentials(1))
            .unwrap()
            .0,
        200
    );
    let ask = json!({ "email": credentials(1)["email"] });
    assert_eq!(
        support::post(address, "/request-password-reset", &ask).unwrap().0,
        200
    );
    support::until(|| nodes.printed().contains("/reset-password/"));
    let printed = nodes.printed();
    let token = printed.split("/reset-password/").nth(1).unwrap();
    let token = token.split(['?', '\n']).next().unwrap();
    let statuses = nodes.together(
        50,
        "/reset-password",
        |index| json!({ "token": token, "newPassword": format!("another horse battery {index}") }),
    );
    assert_eq!(count(&statuses, 200), 1, "{statuses:?}");
    assert_eq!(count(&statuses, 400) + count(&statuses, 503), 49, "{statuses:?}");
    let winner = statuses.iter().position(|status| *status == 200).unwrap();
    let sign_in = |password: String| {
        let body = json!({ "email": credentials(1)["email"], "password": password });
        support::post(nodes.servers[1].address(), "/sign-in/email", &body)
            .unwrap()
            .0
    };
    assert_eq!(sign_in(format!("another horse battery {winner}")), 200);
    assert_eq!(sign_in("correct horse battery".to_owned()), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn re_16_a_session_revoked_on_one_node_is_over_on_the_other_within_a_second() {
    let Some(nodes) = Nodes::start().await else {
        return;
    };
    let [one, other] = [0, 1].map(|number| nodes.servers[number].address());
    let (status, answer) = support::post(one, "/sign-up/email", &credentials(1)).unwrap();
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let token = answer["token"].as_str().unwrap();
    let is_live = || support::get_with_bearer(other, "/get-session", token).unwrap().1 != "null";
    assert!(is_live());
    let (status, _) = client::post_with_bearer(one, "/sign-out", token, &json!({})).unwrap();
    let revoked = Instant::now();
    assert_eq!(status, 200);
    support::until(|| !is_live());
    let took = revoked.elapsed();
    // A second, and what a busy machine takes for a request.
    assert!(took < Duration::from_secs(2), "{took:?}");
}
