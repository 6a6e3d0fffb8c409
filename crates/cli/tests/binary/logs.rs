//! What is logged, and what never is.

use std::fs::{self, File};

use serde_json::{Value, json};

use crate::support::{self, Server, doorward};

const PASSWORD: &str = "nine-green-bottles";
const OTHER_PASSWORD: &str = "ten-purple-teapots";

#[test]
fn sk_1_no_log_line_at_any_level_holds_a_password_a_token_a_cookie_or_an_address_with_one() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let environment = [
        ("DOORWARD_LOG__LEVEL", "trace"),
        ("DOORWARD_LOG__FORMAT", "json"),
        ("DOORWARD_EMAIL_AND_PASSWORD__SEND_RESET_PASSWORD", "true"),
        // Nobody listens there: an email that is not sent is where its text would be logged.
        (
            "DOORWARD_MAIL__SMTP_URL",
            "smtp://relay:relay-hunter2@127.0.0.1:1",
        ),
        ("DOORWARD_MAIL__FROM", "noreply@example.test"),
    ];
    let server = Server::start_logging(home.path(), &environment, File::create(&log).unwrap());
    let address = server.address();
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    let (status, answer) = support::post(address, "/sign-up/email", &body).unwrap();
    assert_eq!(status, 200, "{answer}");
    let token = serde_json::from_str::<Value>(&answer).unwrap()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let wrong = json!({ "email": "ada@example.test", "password": OTHER_PASSWORD });
    assert_eq!(support::post(address, "/sign-in/email", &wrong).unwrap().0, 401);
    let malformed = json!({ "email": 7, "password": OTHER_PASSWORD });
    assert_eq!(
        support::post(address, "/sign-in/email", &malformed).unwrap().0,
        400
    );
    let reset = json!({ "email": "ada@example.test" });
    assert_eq!(
        support::post(address, "/request-password-reset", &reset)
            .unwrap()
            .0,
        200
    );
    assert_eq!(
        support::get(address, "/verify-email?token=token-in-the-address")
            .unwrap()
            .0,
        401
    );
    assert_eq!(
        support::get(address, "/reset-password/token-in-the-path?callbackURL=/")
            .unwrap()
            .0,
        302
    );
    assert_eq!(
        support::get_with_cookie(
            address,
            "/get-session",
            "better-auth.session_token=cookie-of-somebody"
        )
        .unwrap()
        .0,
        200
    );
    let secret = fs::read_to_string(home.path().join("doorward-data/secret")).unwrap();
    support::until(|| fs::read_to_string(&log).unwrap().contains("email not sent"));
    drop(server);

    let log = fs::read_to_string(&log).unwrap();
    assert!(
        log.contains("\"signed up\"") && log.contains("TRACE"),
        "it did log"
    );
    for line in log.lines() {
        assert!(
            serde_json::from_str::<Value>(line).is_ok(),
            "a line that is not JSON: {line}"
        );
    }
    let never = [
        PASSWORD,
        OTHER_PASSWORD,
        token.as_str(),
        secret.trim(),
        "relay-hunter2",
        "token-in-the-address",
        "token-in-the-path",
        "cookie-of-somebody",
        "sha256:",
        "$argon2id$",
    ];
    for text in never {
        let line = log.lines().find(|line| line.contains(text));
        assert_eq!(line, None, "{text} was logged");
    }
}

#[test]
fn every_line_about_a_request_names_its_id() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let environment = [("DOORWARD_LOG__FORMAT", "json")];
    let server = Server::start_logging(home.path(), &environment, File::create(&log).unwrap());
    support::post(server.address(), "/sign-up/email", &support::credentials(1)).unwrap();
    drop(server);
    let log = fs::read_to_string(&log).unwrap();
    let line = log.lines().find(|line| line.contains("\"signed up\"")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["span"]["id"].as_str().unwrap().len(), 36, "{line}");
    assert_eq!(line["span"]["route"], "/api/auth/sign-up/email");
}

#[test]
fn a_level_that_is_none_stops_the_start() {
    let home = tempfile::tempdir().unwrap();
    let output = doorward(home.path())
        .arg("serve")
        .env("DOORWARD_LOG__LEVEL", "doorward=loud")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("log.level"));
}

/// A line about something that failed says why: what the database said is part of it.
#[tokio::test]
async fn m7_what_fails_in_the_background_is_logged_with_its_cause() {
    let test = doorward_testing::TestDatabase::sqlite();
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let environment = [("DOORWARD_DATABASE__URL", test.url())];
    let server = Server::start_logging(home.path(), &environment, File::create(&log).unwrap());
    test.execute(r#"DROP TABLE "doorward_outbox""#).await;
    let line = || {
        let written = fs::read_to_string(&log).unwrap();
        let line = written
            .lines()
            .find(|line| line.contains("the outbox cannot be read"));
        line.map(str::to_owned)
    };
    support::until(|| line().is_some());
    let line = line().unwrap();
    assert!(
        line.contains("WARN") && line.contains("no such table: doorward_outbox"),
        "{line}"
    );
    drop(server);
}
