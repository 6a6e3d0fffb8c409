//! Hardly any connections to the database (RE-6): whoever needed two at a time would wait for itself.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use doorward_testing::TestDatabase;
use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::life;
use crate::printed::Printed;
use crate::support::{self, Server, credentials, until, url};

const CLIENTS: usize = 50;

fn get(server: SocketAddr, path: &str, token: &str) -> u16 {
    let request = support::agent().get(url(server, path));
    let request = request.header("authorization", format!("Bearer {token}"));
    request.call().unwrap().status().as_u16()
}

/// Answers whatever was answered, and takes nothing but an answer or a 503 that says when to come back.
fn post(server: SocketAddr, path: &str, token: Option<&str>, body: &Value) -> Answer {
    let answer = client::post(server, path, token, body).unwrap();
    assert!(
        answer.status < 500 || answer.is_unavailable(),
        "{path}: {answer:?}"
    );
    answer
}

/// One of everything, one after the other, and all of it succeeds. None if something was 503, as happens on a busy machine.
fn everything(server: SocketAddr, printed: &Printed, index: usize) -> Option<()> {
    let user = credentials(index);
    let email = user["email"].as_str().unwrap();
    let ok = |path: &str, token: Option<&str>, body: &Value| {
        let answer = post(server, path, token, body);
        assert!(matches!(answer.status, 200 | 503), "{path}: {answer:?}");
        (answer.status == 200).then_some(answer)
    };
    let token = ok("/sign-up/email", None, &user)?.token();
    let other = ok("/sign-in/email", None, &user)?.token();
    for path in ["/get-session", "/list-sessions", "/list-accounts", "/export-user"] {
        let status = get(server, path, &token);
        assert!(matches!(status, 200 | 503), "{path}: {status}");
        (status == 200).then_some(())?;
    }
    ok("/update-user", Some(&token), &json!({ "name": "Ada Lovelace" }))?;
    ok("/revoke-session", Some(&token), &json!({ "token": other }))?;
    let change = json!({
        "currentPassword": user["password"],
        "newPassword": "another horse battery",
        "revokeOtherSessions": true,
    });
    let token = ok("/change-password", Some(&token), &change)?.token();
    ok("/revoke-other-sessions", Some(&token), &json!({}))?;
    ok("/request-password-reset", None, &json!({ "email": email }))?;
    let link = printed.wait_for_token(email, "/reset-password/");
    let reset = json!({ "token": link, "newPassword": "a third horse battery" });
    ok("/reset-password", None, &reset)?;
    let again = json!({ "email": email, "password": "a third horse battery" });
    let token = ok("/sign-in/email", None, &again)?.token();
    let goodbye = json!({ "password": "a third horse battery" });
    ok("/delete-user", Some(&token), &goodbye).map(drop)
}

/// Some of it, with whatever comes of it.
fn something(server: SocketAddr, index: usize) {
    let user = credentials(index);
    let answer = post(server, "/sign-up/email", None, &user);
    if answer.status == 200 {
        let token = answer.token();
        get(server, "/get-session", &token);
        post(
            server,
            "/update-user",
            Some(&token),
            &json!({ "name": "Ada Lovelace" }),
        );
        post(server, "/sign-in/email", None, &user);
        post(server, "/sign-out", Some(&token), &json!({}));
    }
}

fn crowd(database: &str) {
    for connections in ["1", "2"] {
        let home = tempfile::tempdir().unwrap();
        let printed = Printed::to(home.path().join("printed"));
        let mut environment = vec![
            ("DOORWARD_DATABASE__URL", database),
            ("DOORWARD_DATABASE__MAX_CONNECTIONS", connections),
            ("DOORWARD_SECRET", life::SECRET),
            ("DOORWARD_USER__DELETE_USER__ENABLED", "true"),
        ];
        environment.extend(life::OPTIONS);
        let server = Server::start_writing(home.path(), &environment, printed.file(), Stdio::null());
        let (address, first) = (server.address(), connections.parse::<usize>().unwrap() * 1000);
        let users = AtomicUsize::new(first + CLIENTS + 1);
        // What always waits for itself never succeeds.
        let works = || everything(address, &printed, users.fetch_add(1, Ordering::Relaxed)).is_some();
        until(works);
        thread::scope(|scope| {
            for index in 1..=CLIENTS {
                scope.spawn(move || something(address, first + index));
            }
        });
        until(works);
    }
}

#[test]
fn re_6_one_connection_or_two_are_enough_on_sqlite() {
    crowd(TestDatabase::sqlite().url());
}

#[tokio::test]
async fn re_6_one_connection_or_two_are_enough_on_postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        crowd(database.url());
    }
}
