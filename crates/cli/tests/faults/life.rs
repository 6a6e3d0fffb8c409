//! What a user does, what was acknowledged of it, and what has to be true of it ever after (RE-1, RE-2, RE-4).

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::printed::Printed;

/// Options without which such lives cannot be led.
pub(crate) const OPTIONS: [(&str, &str); 3] = [
    ("DOORWARD_BEARER__ENABLED", "true"),
    ("DOORWARD_EMAIL_AND_PASSWORD__SEND_RESET_PASSWORD", "true"),
    ("DOORWARD_SECURITY__RESET_REQUEST_FLOOR", "0"),
];

/// The secret of all nodes.
pub(crate) const SECRET: &str = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e9f2c6d1e";

/// Where a life is led, until it is over.
pub(crate) struct World<'a> {
    pub(crate) server: SocketAddr,
    pub(crate) printed: &'a Printed,
    /// How many acts were acknowledged.
    pub(crate) acknowledged: &'a AtomicUsize,
    pub(crate) is_over: &'a AtomicBool,
}

/// A user, as those who got the answers know them.
#[derive(Default)]
pub(crate) struct Life {
    email: String,
    /// Whether the sign-up was acknowledged.
    exists: bool,
    /// The password; two as long as it is unknown whether it was changed.
    passwords: Vec<String>,
    live: Vec<String>,
    revoked: Vec<String>,
    /// Links that were used.
    spent: Vec<String>,
    /// A link of which it is unknown whether it was used.
    open: Option<String>,
}

impl Life {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            email: format!("{name}@example.test"),
            passwords: vec!["correct horse battery".to_owned()],
            ..Self::default()
        }
    }

    /// Does one thing after the other. None as soon as something is not acknowledged.
    pub(crate) fn lead(&mut self, world: &World<'_>) -> Option<()> {
        let first = self.sign(world, "/sign-up/email")?;
        self.exists = true;
        self.live.push(first);
        let second = self.sign(world, "/sign-in/email")?;
        self.live.push(second.clone());
        let first = self.live.remove(0);
        world.post("/sign-out", Some(&first), &json!({}))?;
        self.revoked.push(first);
        self.change_password(world, &second)?;
        self.reset_password(world)
    }

    /// Signs up or in, and answers the token.
    fn sign(&self, world: &World<'_>, path: &str) -> Option<String> {
        let body = credentials(&self.email, self.passwords.last()?);
        Some(world.post(path, None, &body)?.token())
    }

    fn change_password(&mut self, world: &World<'_>, token: &str) -> Option<()> {
        let body = json!({ "currentPassword": self.passwords[0], "newPassword": "changed horse battery",
            "revokeOtherSessions": true });
        let ended = self.begin_change("changed horse battery");
        let answer = world.post("/change-password", Some(token), &body)?;
        self.end_change(ended);
        self.live.push(answer.token());
        Some(())
    }

    fn reset_password(&mut self, world: &World<'_>) -> Option<()> {
        world.post("/request-password-reset", None, &json!({ "email": self.email }))?;
        let token = loop {
            if world.is_over.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(token) = world.printed.token(&self.email, "/reset-password/") {
                break token;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let ended = self.begin_change("restored horse battery");
        self.open = Some(token.clone());
        let body = json!({ "token": token, "newPassword": "restored horse battery" });
        world.post("/reset-password", None, &body)?;
        self.end_change(ended);
        self.spent.extend(self.open.take());
        Some(())
    }

    /// From now on it is unknown which password counts and whether the sessions are live.
    fn begin_change(&mut self, password: &str) -> Vec<String> {
        self.passwords.push(password.to_owned());
        std::mem::take(&mut self.live)
    }

    fn end_change(&mut self, ended: Vec<String>) {
        self.passwords.remove(0);
        self.revoked.extend(ended);
    }

    /// Looks whether the server knows what was acknowledged, and nothing by half.
    pub(crate) fn check(&self, server: SocketAddr) {
        self.check_sessions(server);
        let signs_in = |password: &String| {
            let answer = post(server, "/sign-in/email", &credentials(&self.email, password));
            assert!(
                matches!(answer.status, 200 | 401),
                "{}: {}",
                self.email,
                answer.text
            );
            answer.status == 200
        };
        let valid: Vec<_> = self
            .passwords
            .iter()
            .filter(|password| signs_in(password))
            .collect();
        if !self.exists && valid.is_empty() {
            // Nobody, or a user without an account? Of the first the address is still free.
            let answer = post(
                server,
                "/sign-up/email",
                &credentials(&self.email, &self.passwords[0]),
            );
            assert_eq!(
                answer.status, 200,
                "{} was left half done: {}",
                self.email, answer.text
            );
            return;
        }
        assert_eq!(
            valid.len(),
            1,
            "{} of {:?} sign {} in",
            valid.len(),
            self.passwords,
            self.email
        );
        let is_good = |token: &str| {
            let body = json!({ "token": token, "newPassword": "another horse battery" });
            let answer = post(server, "/reset-password", &body);
            assert!(
                matches!(answer.status, 200 | 400),
                "{}: {}",
                self.email,
                answer.text
            );
            answer.status == 200
        };
        assert!(
            !self.spent.iter().any(|token| is_good(token)),
            "{}: a link counts twice",
            self.email
        );
        if let Some(token) = &self.open {
            let is_old = valid[0] == &self.passwords[0];
            assert_eq!(is_good(token), is_old, "{}: a link is used by half", self.email);
        }
    }

    /// The part of it that stays true.
    pub(crate) fn check_sessions(&self, server: SocketAddr) {
        for token in &self.live {
            assert!(
                client::is_live(server, token),
                "{}: a session is lost",
                self.email
            );
        }
        for token in &self.revoked {
            assert!(
                !client::is_live(server, token),
                "{}: a session is back",
                self.email
            );
        }
    }
}

impl World<'_> {
    /// The answer, if it is one of success.
    fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Option<Answer> {
        let answer = client::post(self.server, path, token, body).ok()?;
        if answer.status != 200 {
            assert!(answer.is_unavailable(), "{path}: {answer:?}");
            return None;
        }
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        Some(answer)
    }
}

fn post(server: SocketAddr, path: &str, body: &Value) -> Answer {
    client::post(server, path, None, body).unwrap()
}

fn credentials(email: &str, password: &str) -> Value {
    json!({ "name": "Ada", "email": email, "password": password })
}
