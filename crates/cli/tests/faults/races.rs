//! Many who want what only one can have (RE-3, RE-4).

use std::time::Instant;

use doorward_testing::TestDatabase;
use serde_json::{Value, json};

use crate::client;
use crate::nodes::Nodes;
use crate::scale::{cycles, figure};
use crate::support::until;

const PASSWORD: &str = "correct horse battery";

/// One round: a hundred sign-ups for one address, then a hundred uses of each kind of link that this user gets.
struct Round<'a> {
    nodes: &'a Nodes,
    old: String,
    new: String,
}

impl Round<'_> {
    fn ask(&self, path: &str, token: Option<&str>, body: &Value) -> client::Answer {
        let first = self.nodes.servers[0].address();
        let answer = client::post(first, path, token, body).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer
    }

    /// A hundred at once, and which of them succeeded. Whoever comes too late is refused, or told to come back.
    fn race(&self, path: &str, token: Option<&str>, body: impl Fn(usize) -> Value + Sync) -> Vec<usize> {
        let post = |server, index| client::post(server, path, token, &body(index)).unwrap().status;
        let statuses = self.nodes.together(100, post);
        let is_expected = |status: &u16| matches!(status, 200 | 400..=499 | 503);
        assert!(statuses.iter().all(is_expected), "{path}: {statuses:?}");
        (0..statuses.len())
            .filter(|index| statuses[*index] == 200)
            .collect()
    }

    /// A hundred uses of a token, of which one has this effect.
    fn race_for(
        &self,
        user: &str,
        effect: &str,
        path: &str,
        session: Option<&str>,
        token: &str,
    ) -> Vec<usize> {
        let before = self.nodes.events(user, effect);
        let winners = self.race(path, session, |index| match path {
            "/reset-password" => {
                json!({ "token": token, "newPassword": format!("another horse battery {index}") })
            }
            _ => json!({ "token": token }),
        });
        assert_eq!(self.nodes.events(user, effect), before + 1, "{path}: {effect}");
        winners
    }

    fn sign_in(&self, email: &str, password: &str) -> u16 {
        let body = json!({ "email": email, "password": password });
        // Another node than the one that was asked first.
        let last = self.nodes.servers[self.nodes.servers.len() - 1].address();
        client::post(last, "/sign-in/email", None, &body).unwrap().status
    }

    fn run(&self) {
        let (old, new) = (self.old.as_str(), self.new.as_str());
        let verify = "/verify-email?token=";
        let signed_up = self.race("/sign-up/email", None, |index| {
            let email = if index % 3 == 0 {
                old.to_uppercase()
            } else {
                old.to_owned()
            };
            json!({ "name": "Ada", "email": email, "password": PASSWORD })
        });
        assert_eq!(signed_up.len(), 1, "{signed_up:?}");
        let session = self.ask(
            "/sign-in/email",
            None,
            &json!({ "email": old, "password": PASSWORD }),
        );
        let user = session.json()["user"]["id"].as_str().unwrap().to_owned();
        let (session, printed) = (session.token(), &self.nodes.printed);

        // Who follows a link again is told that the address is verified. The effect is there once.
        let first = printed.wait_for_token(old, verify);
        self.race_for(&user, "email.verified", "/verify-email", None, &first);
        // The verified address agrees to the change, then the new one shows that it is theirs.
        self.ask("/change-email", Some(&session), &json!({ "newEmail": new }));
        until(|| printed.token(old, verify).is_some_and(|token| token != first));
        let agreement = printed.wait_for_token(old, verify);
        self.race_for(&user, "email.change_requested", "/verify-email", None, &agreement);
        let proof = printed.wait_for_token(new, verify);
        self.race_for(&user, "email.changed", "/verify-email", None, &proof);
        assert_eq!(self.sign_in(old, PASSWORD), 401, "the address was changed");

        self.ask("/request-password-reset", None, &json!({ "email": new }));
        let reset = printed.wait_for_token(new, "/reset-password/");
        let winners = self.race_for(&user, "password.reset", "/reset-password", None, &reset);
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(self.sign_in(new, PASSWORD), 401, "the password was reset");
        let password = format!("another horse battery {}", winners[0]);
        let session = self.ask(
            "/sign-in/email",
            None,
            &json!({ "email": new, "password": password }),
        );

        let session = session.token();
        self.ask("/delete-user", Some(&session), &json!({}));
        let deletion = printed.wait_for_token(new, "/delete-user/callback?token=");
        let winners = self.race_for(&user, "user.deleted", "/delete-user", Some(&session), &deletion);
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(self.sign_in(new, &password), 401, "the user was deleted");
    }
}

fn race(name: &str, nodes: &Nodes) {
    let (rounds, begin) = (cycles(1, 10), Instant::now());
    for round in 0..rounds {
        let (old, new) = (
            format!("ada-{round}@example.test"),
            format!("eve-{round}@example.test"),
        );
        Round { nodes, old, new }.run();
    }
    figure(
        &format!("100-way races for a sign-up and each kind of link, {name}: one winner each"),
        format_args!(
            "{rounds} rounds of 6 races, {:.0} s",
            begin.elapsed().as_secs_f64()
        ),
    );
}

#[test]
fn re_3_re_4_of_a_hundred_at_once_one_wins_on_sqlite() {
    race("one node on SQLite", &Nodes::start(TestDatabase::sqlite(), 1));
}

#[tokio::test]
async fn re_3_re_4_of_a_hundred_at_once_one_wins_on_two_nodes() {
    if let Some(nodes) = Nodes::two().await {
        race("two nodes on PostgreSQL", &nodes);
    }
}
