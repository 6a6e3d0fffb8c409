//! Clocks that differ, and clocks that jump (RE-16, RE-18). libfaketime tells the server another time than the machine has.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use doorward_testing::TestDatabase;

use crate::client;
use crate::nodes::Nodes;
use crate::scale::skip;
use crate::support::{self, Server, credentials, doorward};

/// Where Debian puts it.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

/// A server whose wall clock is wrong by what this file says, such as `+5s`.
fn start(home: &Path, environment: &[(&str, &str)], offset: &Path) -> Option<Server> {
    let Some(library) = LIBRARIES.into_iter().find(|library| Path::new(library).exists()) else {
        skip("libfaketime is not installed");
        return None;
    };
    let mut command = doorward(home);
    command
        .arg("serve")
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", offset)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Some(Server::spawn(
        &mut command,
        environment,
        Stdio::null(),
        Stdio::null(),
    ))
}

#[tokio::test]
async fn re_16_two_nodes_whose_clocks_are_five_seconds_apart_believe_each_other() {
    let Some(database) = TestDatabase::postgres().await else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let offset = home.path().join("offset");
    fs::write(&offset, "+5s").unwrap();
    let mut environment = Nodes::environment(database.url());
    // Short enough that a session which counts from another clock would be over or refreshed.
    environment.push(("DOORWARD_SESSION__UPDATE_AGE", "0"));
    let Some(fast) = start(home.path(), &environment, &offset) else {
        return;
    };
    let right = Server::start_logging(home.path(), &environment, Stdio::null());
    let nodes = [fast.address(), right.address()];
    for (index, (one, other)) in [(nodes[0], nodes[1]), (nodes[1], nodes[0])]
        .into_iter()
        .enumerate()
    {
        let answer = client::post(one, "/sign-up/email", None, &credentials(index)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.token();
        for node in [other, one, other] {
            assert!(client::is_live(node, &token));
        }
        let out = client::post(other, "/sign-out", Some(&token), &serde_json::json!({})).unwrap();
        assert_eq!(out.status, 200, "{out:?}");
        support::until(|| !client::is_live(one, &token));
    }
}

/// Who was told to wait is not told so for as long as the clock was set back.
#[test]
fn re_18_a_clock_that_is_set_back_keeps_nobody_out() {
    let home = tempfile::tempdir().unwrap();
    let offset = home.path().join("offset");
    fs::write(&offset, "+1h").unwrap();
    let limits = [
        ("DOORWARD_RATE_LIMIT__ENABLED", "true"),
        ("DOORWARD_RATE_LIMIT__WINDOW", "2"),
        ("DOORWARD_RATE_LIMIT__MAX", "1"),
    ];
    let Some(server) = start(home.path(), &limits, &offset) else {
        return;
    };
    let ask = || support::get(server.address(), "/get-session").unwrap().0;
    assert_eq!(ask(), 200);
    let next = home.path().join("next");
    fs::write(&next, "+0s").unwrap();
    fs::rename(next, &offset).unwrap();
    support::until(|| ask() == 429);
    support::until(|| ask() == 200);
}

#[test]
fn re_18_a_clock_that_jumps_ends_what_is_over_and_revives_nothing() {
    let home = tempfile::tempdir().unwrap();
    let offset = home.path().join("offset");
    let set = |text: &str| {
        // The server never reads half of it.
        let next = home.path().join("next");
        fs::write(&next, text).unwrap();
        fs::rename(next, &offset).unwrap();
    };
    set("+0s");
    let Some(server) = start(home.path(), &crate::life::OPTIONS, &offset) else {
        return;
    };
    let address = server.address();
    let sign_up = |index| {
        let answer = client::post(address, "/sign-up/email", None, &credentials(index)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.token()
    };
    let old = sign_up(1);
    assert!(client::is_live(address, &old));
    set("+8d");
    support::until(|| !client::is_live(address, &old));
    let new = sign_up(2);
    assert!(
        client::is_live(address, &new),
        "what begins after the jump counts"
    );
    // The clock was wrong for days, and is set right.
    set("+0s");
    let right = sign_up(3);
    assert!(client::is_live(address, &right));
    assert!(!client::is_live(address, &old), "what was over is over");
    assert_eq!(client::get_outside(address, "/readyz").unwrap(), 200);
}
