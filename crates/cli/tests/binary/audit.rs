//! The audit log at the command line.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use doorward_testing::TestDatabase;
use serde_json::{Value, json};

use crate::support::{Server, credentials, doorward, post, until};

const SECRET: &str = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e";

fn environment(test: &TestDatabase) -> [(&str, &str); 2] {
    [
        ("DOORWARD_DATABASE__URL", test.url()),
        ("DOORWARD_SECRET", SECRET),
    ]
}

fn audit(home: &Path, test: &TestDatabase, arguments: &[&str]) -> Output {
    let mut command = doorward(home);
    command.arg("audit").args(arguments).envs(environment(test));
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn kinds(lines: &str) -> Vec<String> {
    let kind = |line: &str| -> String {
        let event: Value = serde_json::from_str(line).unwrap();
        event["kind"].as_str().unwrap().to_owned()
    };
    lines.lines().map(kind).collect()
}

#[test]
fn au_2_an_operator_reads_the_log() {
    let (home, test) = (tempfile::tempdir().unwrap(), TestDatabase::sqlite());
    let server = Server::start_logging(home.path(), &environment(&test), Stdio::null());
    assert_eq!(
        post(server.address(), "/sign-up/email", &credentials(1))
            .unwrap()
            .0,
        200
    );
    let wrong = json!({ "email": "ada-1@example.test", "password": "wrong password" });
    assert_eq!(post(server.address(), "/sign-in/email", &wrong).unwrap().0, 401);

    let all = audit(home.path(), &test, &["--json"]);
    assert_eq!(
        kinds(&stdout(&all)),
        ["user.signed_up", "session.issued", "session.failed"],
        "{}",
        stderr(&all)
    );
    let user = serde_json::from_str::<Value>(stdout(&all).lines().next().unwrap()).unwrap()["userId"].clone();
    let user = user.as_str().unwrap();
    for (arguments, expected) in [
        (
            vec!["list", "--json", "--limit", "1", "--user", user],
            vec!["session.failed"],
        ),
        (vec!["--json", "--outcome", "denied"], vec!["session.failed"]),
        (
            vec!["--json", "--kind", "user.signed_up", "--since", "1h"],
            vec!["user.signed_up"],
        ),
        (vec!["--json", "--until", "2026-01-01", "--actor", user], vec![]),
        (
            vec!["--json", "--actor", "audit list", "--limit", "1"],
            vec!["audit.listed"],
        ),
    ] {
        let output = audit(home.path(), &test, &arguments);
        assert_eq!(
            kinds(&stdout(&output)),
            expected,
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
    let listed = stdout(&audit(home.path(), &test, &["--outcome", "denied"]));
    assert!(
        listed.contains(&format!(
            " session.failed denied user={user} by=anonymous ip=127.0.0.1 "
        )),
        "{listed}"
    );
    assert!(!listed.contains("ada-1@"), "{listed}");
    for arguments in [
        ["--outcome", "maybe"],
        ["--since", "soon"],
        ["--until", "tomorrow"],
    ] {
        let output = audit(home.path(), &test, &arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(arguments[0]), "{}", stderr(&output));
    }

    // What comes later is printed when it comes.
    let mut following = doorward(home.path())
        .args(["audit", "--follow", "--json", "--kind", "session.failed"])
        .envs(environment(&test))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let first = lines.next().unwrap();
    assert_eq!(post(server.address(), "/sign-in/email", &wrong).unwrap().0, 401);
    let second = lines.next().unwrap();
    assert_ne!(first, second);
    assert_eq!(
        kinds(&format!("{first}\n{second}")),
        ["session.failed", "session.failed"]
    );
    following.kill().unwrap();
    following.wait().unwrap();
}

#[tokio::test]
async fn au_1_verify_says_what_was_tampered_with() {
    let (home, test) = (tempfile::tempdir().unwrap(), TestDatabase::sqlite());
    let mut server = Server::start_logging(home.path(), &environment(&test), Stdio::null());
    for number in 1..3 {
        assert_eq!(
            post(server.address(), "/sign-up/email", &credentials(number))
                .unwrap()
                .0,
            200
        );
    }
    // A server seals when it starts, and every few seconds.
    assert!(server.terminate(Duration::from_secs(30)).is_some());
    let mut server = Server::start_logging(home.path(), &environment(&test), Stdio::null());
    let verify = || audit(home.path(), &test, &["verify"]);
    until(|| {
        let verified = stdout(&verify());
        let number = verified
            .strip_prefix("Verified ")
            .and_then(|rest| rest.split(' ').next());
        number.is_some_and(|number| number.parse::<u32>().unwrap() >= 4)
    });
    assert!(server.terminate(Duration::from_secs(30)).is_some());
    let whole = verify();
    assert_eq!(whole.status.code(), Some(0), "{}", stderr(&whole));
    let verified = stdout(&whole);
    assert!(
        verified.contains(" with the seal ") && verified.contains("Not sealed yet: "),
        "{verified}"
    );

    test.execute(r#"UPDATE doorward_audit_event SET "outcome" = 'denied' WHERE "seq" = 2"#)
        .await;
    let altered = verify();
    assert_eq!(altered.status.code(), Some(1));
    assert!(
        stderr(&altered).contains("number 2 was altered (event "),
        "{}",
        stderr(&altered)
    );
    assert!(
        stdout(&altered).starts_with("Verified 1 events"),
        "{}",
        stdout(&altered)
    );
    test.execute(r#"DELETE FROM doorward_audit_event WHERE "seq" = 1"#)
        .await;
    let removed = verify();
    assert_eq!(removed.status.code(), Some(1));
    assert!(
        stderr(&removed).contains("number 1 is missing"),
        "{}",
        stderr(&removed)
    );
}

#[test]
fn au_1_a_chain_that_does_not_hold_can_be_begun_anew_and_no_other() {
    let (home, test) = (tempfile::tempdir().unwrap(), TestDatabase::sqlite());
    let restart = || audit(home.path(), &test, &["restart-chain"]);
    let verify = || audit(home.path(), &test, &["verify"]);
    let unchanged = |refused: &Output| {
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            stderr(refused).contains("nothing was changed"),
            "{}",
            stderr(refused)
        );
    };
    assert!(verify().status.success());
    unchanged(&restart());

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(test.execute(
        r#"INSERT INTO "doorward_audit_chain" ("id", "beginSeq", "beginSeal", "endSeq", "endSeal", "signature")
           VALUES ('chain', 0, 'made up', 0, 'made up', 'made up')"#,
    ));
    assert_eq!(verify().status.code(), Some(1));
    let with_another_secret = |arguments: &[&str]| {
        let mut command = doorward(home.path());
        command.arg("audit").args(arguments).envs(environment(&test));
        command.env("DOORWARD_SECRET", SECRET.chars().rev().collect::<String>());
        command.output().unwrap()
    };
    let restarted = restart();
    assert!(restarted.status.success(), "{}", stderr(&restarted));
    assert!(
        stdout(&restarted).contains("Restart all servers"),
        "{}",
        stdout(&restarted)
    );
    let verified = verify();
    assert!(verified.status.success(), "{}", stderr(&verified));
    let listed = audit(home.path(), &test, &["--json", "--kind", "audit.chain_restarted"]);
    assert_eq!(kinds(&stdout(&listed)), ["audit.chain_restarted"]);
    unchanged(&restart());
    // Whoever has the wrong secret does not remove what the right one signed.
    unchanged(&with_another_secret(&["restart-chain"]));
    let lost = with_another_secret(&["restart-chain", "--secret-lost"]);
    assert!(lost.status.success(), "{}", stderr(&lost));
    assert!(with_another_secret(&["verify"]).status.success());
}
