//! The first start on a database of Better Auth: what it refuses, and what it says.

use std::fs::{self, File};
use std::path::Path;
use std::process::Output;

use doorward_testing::TestDatabase;

use crate::support::{Server, doorward};

const SECRET: &str = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e";

/// Tables and rows of Better Auth on SQLite: a user with a password and a second factor, and one with a passkey alone.
const BETTER_AUTH: &str = r#"
    CREATE TABLE "user" ("id" text NOT NULL PRIMARY KEY, "name" text NOT NULL, "email" text NOT NULL UNIQUE,
        "emailVerified" integer NOT NULL, "image" text, "createdAt" date NOT NULL, "updatedAt" date NOT NULL,
        "twoFactorEnabled" integer);
    CREATE TABLE "session" ("id" text NOT NULL PRIMARY KEY, "expiresAt" date NOT NULL, "token" text NOT NULL UNIQUE,
        "createdAt" date NOT NULL, "updatedAt" date NOT NULL, "ipAddress" text, "userAgent" text, "userId" text NOT NULL);
    CREATE TABLE "account" ("id" text NOT NULL PRIMARY KEY, "accountId" text NOT NULL, "providerId" text NOT NULL,
        "userId" text NOT NULL, "accessToken" text, "refreshToken" text, "idToken" text, "accessTokenExpiresAt" date,
        "refreshTokenExpiresAt" date, "scope" text, "password" text, "createdAt" date NOT NULL, "updatedAt" date NOT NULL);
    CREATE TABLE "verification" ("id" text NOT NULL PRIMARY KEY, "identifier" text NOT NULL, "value" text NOT NULL,
        "expiresAt" date NOT NULL, "createdAt" date NOT NULL, "updatedAt" date NOT NULL);
    CREATE TABLE "passkey" ("id" text NOT NULL PRIMARY KEY, "userId" text NOT NULL);
    INSERT INTO "user" SELECT v, v, v || '@example.test', 1, NULL, '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z',
        v = 'ada' FROM (SELECT 'ada' AS v UNION ALL SELECT 'grace');
    INSERT INTO "account" ("id", "accountId", "providerId", "userId", "password", "createdAt", "updatedAt") VALUES
        ('a', 'ada', 'credential', 'ada', 'salt:hash', '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z');
    INSERT INTO "passkey" VALUES ('p', 'grace');"#;

async fn better_auth() -> TestDatabase {
    let test = TestDatabase::sqlite();
    test.execute(BETTER_AUTH).await;
    test
}

fn run(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = doorward(home);
    command.args(arguments).envs(environment.iter().copied());
    command.output().unwrap()
}

/// What the server logs before it answers.
fn log_of_start(environment: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    drop(Server::start_logging(
        home.path(),
        environment,
        File::create(&log).unwrap(),
    ));
    fs::read_to_string(&log).unwrap()
}

#[tokio::test]
async fn c5_no_secret_is_made_where_users_are() {
    let test = better_auth().await;
    let home = tempfile::tempdir().unwrap();
    let secret = home.path().join("doorward-data/secret");
    let database = ("DOORWARD_DATABASE__URL", test.url());
    for command in [&["migrate"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let arguments = [command, &["--base-url", "http://127.0.0.1:4997"]].concat();
        let refused = run(home.path(), &arguments, &[database]);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{command:?}: {said}");
        for part in ["secret", "users", "DOORWARD_SECRET", "BETTER_AUTH_SECRET"] {
            assert!(said.contains(part), "{said}");
        }
        assert!(!secret.exists(), "{command:?}");
    }
    let given = run(
        home.path(),
        &["migrate"],
        &[database, ("BETTER_AUTH_SECRET", SECRET)],
    );
    assert!(given.status.success());
    // Without users one is made, and from then on it is used, whoever comes.
    let empty = TestDatabase::sqlite();
    let database = ("DOORWARD_DATABASE__URL", empty.url());
    assert!(
        run(home.path(), &["config", "check"], &[database])
            .status
            .success()
    );
    assert!(!secret.exists(), "looking makes no secret");
    assert!(run(home.path(), &["migrate"], &[database]).status.success());
    let made = fs::read_to_string(&secret).unwrap();
    let database = ("DOORWARD_DATABASE__URL", test.url());
    assert!(run(home.path(), &["migrate"], &[database]).status.success());
    assert_eq!(fs::read_to_string(&secret).unwrap(), made);
}

#[tokio::test]
async fn m5_h11_the_start_says_who_cannot_sign_in_and_that_there_is_no_way_back() {
    let secret = ("DOORWARD_SECRET", SECRET);
    let test = better_auth().await;
    let environment = [("DOORWARD_DATABASE__URL", test.url()), secret];
    let first = log_of_start(&environment);
    for (line, value) in [
        ("users have a second factor", "users=1"),
        (
            "users have no password and sign in by what this version does not offer",
            "passkey=1",
        ),
        ("there is a way back", "hardened"),
    ] {
        let line = first.lines().find(|text| text.contains(line)).unwrap_or(&first);
        assert!(line.contains("WARN") && line.contains(value), "{line}");
    }
    assert!(!first.contains("email_and_password.enabled"), "{first}");
    let second = log_of_start(&environment);
    assert!(second.contains("users have a second factor"), "{second}");
    assert!(!second.contains("way back"), "it is too late to say: {second}");
}

#[tokio::test]
async fn m5_with_passwords_off_the_start_says_that_there_are_users_with_one() {
    let test = better_auth().await;
    let preset = ("DOORWARD_PRESET", "better-auth");
    let environment = [
        ("DATABASE_URL", test.url()),
        ("BETTER_AUTH_SECRET", SECRET),
        preset,
    ];
    for log in [log_of_start(&environment), log_of_start(&environment)] {
        let about: Vec<_> = log
            .lines()
            .filter(|line| line.contains("email_and_password.enabled"))
            .collect();
        assert_eq!(about.len(), 1, "{log}");
        assert!(
            about[0].contains("WARN") && about[0].contains("password"),
            "{log}"
        );
        assert!(!log.contains("way back"), "{log}");
    }
    let on = ("DOORWARD_EMAIL_AND_PASSWORD__ENABLED", "true");
    let log = log_of_start(&[environment[0], environment[1], preset, on]);
    assert!(!log.contains("email_and_password.enabled"), "{log}");
    test.execute(r#"UPDATE "account" SET "password" = NULL"#).await;
    let log = log_of_start(&environment);
    assert!(
        !log.contains("email_and_password.enabled"),
        "nobody has one: {log}"
    );
}

#[tokio::test]
async fn m8_a_start_on_postgres_repeats_nothing_that_postgres_remarks() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let environment = [
        ("DOORWARD_DATABASE__URL", test.url()),
        ("DOORWARD_SECRET", SECRET),
    ];
    for log in [log_of_start(&environment), log_of_start(&environment)] {
        assert!(
            !log.contains("already exists") && !log.contains("NOTICE"),
            "{log}"
        );
    }
}

/// Tables that look like those of Better Auth under other names stop both commands, and the file stays as it was.
#[tokio::test]
async fn c5_neither_command_begins_beside_tables_of_other_names() {
    let test = TestDatabase::sqlite();
    let plural = BETTER_AUTH
        .replace(r#""user" ("#, r#""users" ("#)
        .replace(r#""session" ("#, r#""sessions" ("#)
        .replace(r#""account" ("#, r#""accounts" ("#)
        .replace(r#"INTO "user""#, r#"INTO "users""#);
    test.execute(&plural).await;
    let home = tempfile::tempdir().unwrap();
    let file = test.url().split(['?', '#']).next().unwrap();
    let file = file.trim_start_matches("sqlite://").trim_start_matches("sqlite:");
    let before = fs::read(file).unwrap();
    let environment = [
        ("DOORWARD_DATABASE__URL", test.url()),
        ("DOORWARD_SECRET", SECRET),
    ];
    for command in [
        &["migrate"][..],
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--base-url",
            "http://127.0.0.1:4997",
        ],
    ] {
        let refused = run(home.path(), command, &environment);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success(), "{command:?}: {said}");
        for part in ["users", "sessions", "--new-tables"] {
            assert!(said.contains(part), "{command:?}: {said}");
        }
        assert!(fs::read(file).unwrap() == before, "{command:?}");
    }
    let wanted = run(home.path(), &["migrate", "--new-tables"], &environment);
    assert!(
        wanted.status.success(),
        "{}",
        String::from_utf8_lossy(&wanted.stderr)
    );
    drop(Server::start_logging(
        home.path(),
        &environment,
        std::process::Stdio::null(),
    ));
}

#[test]
fn m1_a_short_secret_of_better_auth_starts_in_its_preset_with_a_warning() {
    let short = ("BETTER_AUTH_SECRET", "kX9#vQ2!mZ7$wL4p");
    let home = tempfile::tempdir().unwrap();
    let address = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--base-url",
        "http://127.0.0.1:4997",
    ];
    let refused = run(home.path(), &address, &[short]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("16 bytes") && !said.contains(short.1), "{said}");
    let log = log_of_start(&[short, ("DOORWARD_PRESET", "better-auth")]);
    let warning = log.lines().find(|line| line.contains("fewer than 32 bytes"));
    assert!(warning.is_some_and(|line| line.contains("WARN")), "{log}");
    assert!(!log.contains(short.1), "{log}");
    let without = log_of_start(&[("BETTER_AUTH_SECRET", SECRET), ("DOORWARD_PRESET", "better-auth")]);
    assert!(!without.contains("32 bytes"), "{without}");
}
