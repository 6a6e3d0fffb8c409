//! The binary as an operator meets it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{self, Server, doorward};
use serde_json::json;

fn run(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    doorward(home)
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_option_stops_the_start_with_name_problem_and_fix() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("doorward.toml"), "[session]\nexpire_in = 5\n").unwrap();
    for command in [
        &["serve"][..],
        &["migrate"],
        &["config", "check"],
        &["config", "print"],
    ] {
        let output = run(home.path(), command, &[]);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", stderr(&output));
        let text = stderr(&output);
        assert!(
            text.contains("session.expire_in (from doorward.toml): is not an option"),
            "{text}"
        );
        assert!(text.contains("fix: did you mean session.expires_in"), "{text}");
        assert!(stdout(&output).is_empty());
    }
    assert!(!home.path().join("doorward-data").exists(), "nothing was made");
}

#[test]
fn sk_3_a_password_on_the_command_line_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let output = run(
        home.path(),
        &[
            "serve",
            "--database-url",
            "postgres://ada:hunter2@localhost/users",
        ],
        &[],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("DOORWARD_DATABASE__URL") && !stderr(&output).contains("hunter2"));
}

#[test]
fn an_unreachable_database_is_tried_again_for_the_stated_time() {
    let home = tempfile::tempdir().unwrap();
    let environment = [
        (
            "DOORWARD_DATABASE__URL",
            "postgres://ada:hunter2@127.0.0.1:1/users",
        ),
        ("DOORWARD_DATABASE__CONNECT_TIMEOUT", "1.2"),
    ];
    let output = run(home.path(), &["serve"], &environment);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(text.matches("trying again").count(), 2, "{text}");
    assert!(
        text.contains("error: database: cannot connect to the database"),
        "{text}"
    );
    assert!(text.contains("refused"), "{text}");
    assert!(!text.contains("hunter2"), "SK-1: {text}");
}

#[test]
fn a_database_file_that_cannot_be_is_an_error_at_once() {
    let home = tempfile::tempdir().unwrap();
    let output = run(
        home.path(),
        &[
            "migrate",
            "--database-url",
            "sqlite://no/such/directory/x.db?mode=rwc",
        ],
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(!stderr(&output).contains("trying again"), "{}", stderr(&output));
}

#[test]
fn two_commands_tell_the_version() {
    let home = tempfile::tempdir().unwrap();
    let version = concat!("doorward ", env!("CARGO_PKG_VERSION"), "\n");
    for arguments in [["version"], ["--version"]] {
        assert_eq!(stdout(&run(home.path(), &arguments, &[])), version);
    }
}

#[test]
fn migrate_says_what_it_did() {
    let home = tempfile::tempdir().unwrap();
    assert!(
        stdout(&run(home.path(), &["migrate"], &[]))
            .starts_with("Brought the schema up to date: better_auth_tables")
    );
    assert_eq!(
        stdout(&run(home.path(), &["migrate"], &[])),
        "The schema is up to date.\n"
    );
    let refused = run(home.path(), &["serve", "--listen", "127.0.0.1:http"], &[]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn without_migrations_a_server_does_not_touch_the_schema() {
    let home = tempfile::tempdir().unwrap();
    let output = run(
        home.path(),
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--base-url",
            "http://localhost:4998",
        ],
        &[("DOORWARD_DATABASE__AUTO_MIGRATE", "false")],
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("doorward migrate"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_operator_s_user_can_sign_in() {
    let home = tempfile::tempdir().unwrap();
    let create = |email: &str, password: &str| {
        let mut child = doorward(home.path())
            .args(["user", "create", "--email", email, "--name", "Ada"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        child.wait_with_output().unwrap()
    };
    let created = create("ada@example.test", "correct horse battery");
    assert!(
        stdout(&created).starts_with("Created user "),
        "{}",
        stderr(&created)
    );
    for (email, password, problem) in [
        ("ada@example.test", "correct horse battery", "taken"),
        ("nonsense", "correct horse battery", "--email"),
        ("grace@example.test", "short", "short"),
    ] {
        let refused = create(email, password);
        assert_eq!(refused.status.code(), Some(1), "{email}");
        assert!(stderr(&refused).contains(problem), "{}", stderr(&refused));
    }
    let server = Server::start(home.path());
    let body = json!({ "email": "ada@example.test", "password": "correct horse battery" });
    let (status, text) = support::post(server.address(), "/sign-in/email", &body).unwrap();
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(r#""emailVerified":true"#), "{text}");
}

#[test]
fn a_first_start_says_where_everything_is_and_prints_mail() {
    let home = tempfile::tempdir().unwrap();
    let mut child = doorward(home.path())
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--base-url",
            "http://127.0.0.1:4999",
        ])
        .env("DOORWARD_EMAIL_AND_PASSWORD__REQUIRE_EMAIL_VERIFICATION", "true")
        .env("DOORWARD_EMAIL_VERIFICATION__SEND_VERIFICATION_EMAIL", "true")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut until = |sign: &str| -> String { lines.by_ref().find(|line| line.contains(sign)).unwrap() };
    let address = until("is listening on")
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(until("API reference").ends_with("http://127.0.0.1:4999/api/auth/docs"));
    assert!(until("Data").ends_with("doorward-data/doorward.db"));
    assert!(until("Secret").contains("doorward-data/secret (new"));
    assert!(until("Mail").contains("printed here"));
    assert!(until("curl").contains("/api/auth/sign-up/email"));
    let (status, _) = support::post(address, "/sign-up/email", &support::credentials(1)).unwrap();
    assert_eq!(status, 200);
    let link = until("http://127.0.0.1:4999/api/auth/verify-email?token=");
    let path = link.trim().split("/api/auth").nth(1).unwrap();
    let (status, _) = support::get(address, path).unwrap();
    assert_eq!(status, 302, "the link is on a line of its own");

    // RE-9: it stops when it is told to, and says that all is well.
    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert!(child.wait().unwrap().success());
}

#[test]
fn ac_8_the_first_administrator_is_made_on_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    let create = |enabled: bool| {
        let mut command = doorward(home.path());
        command
            .args([
                "user",
                "create",
                "--admin",
                "--email",
                "root@example.test",
                "--name",
                "Root",
            ])
            .env("DOORWARD_ADMIN__ENABLED", enabled.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "correct horse battery").unwrap();
        child.wait_with_output().unwrap()
    };
    let refused = create(false);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("admin.enabled"), "{}", stderr(&refused));
    let created = create(true);
    assert!(
        stdout(&created).starts_with("Created user "),
        "{}",
        stderr(&created)
    );
    fs::write(home.path().join("doorward.toml"), "[admin]\nenabled = true\n").unwrap();
    let server = Server::start(home.path());
    let body = json!({ "email": "root@example.test", "password": "correct horse battery" });
    let (status, text) = support::post(server.address(), "/sign-in/email", &body).unwrap();
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(r#""role":"admin""#), "{text}");
}

#[test]
fn kr_1_another_secret_makes_every_cookie_invalid() {
    let home = tempfile::tempdir().unwrap();
    let start = |secret| Server::start_logging(home.path(), &[("DOORWARD_SECRET", secret)], Stdio::null());
    let (first, second) = (
        "4be0c1d7f2a9683b5d0e7c4a1f8b2e69",
        "c93f5a1e7d2b8046f9e3a7c5d1b0f842",
    );
    let server = start(first);
    let cookie = support::signed_up(server.address(), 1);
    let email = |server: &Server| {
        let (status, text) = support::get_with_cookie(server.address(), "/get-session", &cookie).unwrap();
        assert_eq!(status, 200, "{text}");
        let session: serde_json::Value = serde_json::from_str(&text).unwrap();
        session["user"]["email"].as_str().map(str::to_owned)
    };
    assert_eq!(email(&server).as_deref(), Some("ada-1@example.test"));
    drop(server);
    assert_eq!(email(&start(second)), None, "another secret");
    assert_eq!(
        email(&start(first)).as_deref(),
        Some("ada-1@example.test"),
        "the session was not touched"
    );
}

#[test]
fn dt_2_an_operator_exports_what_is_held_about_a_user() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path());
    let cookie = support::signed_up(server.address(), 1);
    let export = |user: &str| run(home.path(), &["user", "export", user], &[]);
    let output = export("ADA-1@example.test");
    assert!(output.status.success(), "{}", stderr(&output));
    let document: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(document["user"]["email"], "ada-1@example.test");
    assert_eq!(document["sessions"].as_array().unwrap().len(), 1);
    let events = document["auditEvents"].as_array().unwrap();
    let last = events.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["by"]),
        (&json!("user.exported"), &json!("operator"))
    );
    let (_, cookie) = cookie.split_once('=').unwrap();
    let (token, _) = cookie.split_once('.').unwrap();
    for secret in [token, "$argon2", "sha256:"] {
        assert!(!stdout(&output).contains(secret), "{secret}");
    }
    let id = document["user"]["id"].as_str().unwrap();
    assert!(export(id).status.success());
    for (unknown, said) in [
        ("nobody@example.test", "no user has this address"),
        ("nobody", "there is no such user"),
        ("no@body@example.test", "error: "),
    ] {
        let output = export(unknown);
        assert_eq!(output.status.code(), Some(1), "{unknown}");
        assert!(
            stdout(&output).is_empty() && stderr(&output).contains(said),
            "{}",
            stderr(&output)
        );
    }
}
