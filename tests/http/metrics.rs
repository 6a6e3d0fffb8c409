//! What a server counts while it is used, and that nothing of people is in it.

use doorward_application::settings::Preset;
use doorward_testing::{PASSWORD, Setup, TestApp};
use serde_json::json;

use crate::limits::{credentials, guess};

fn app(change: impl FnOnce(&mut Setup)) -> TestApp {
    TestApp::with(Preset::Hardened, |setup| {
        setup.metrics = true;
        change(setup);
    })
}

/// The value of a series; 0 if it has not begun.
fn value(app: &TestApp, series: &str) -> f64 {
    let text = app.metrics();
    let mut lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    let found = lines.find(|(name, _)| *name == series);
    found.map_or(0.0, |(_, value)| value.parse().unwrap())
}

fn assert_value(app: &TestApp, series: &str, expected: u32) {
    let found = value(app, series);
    assert!(
        (found - f64::from(expected)).abs() < 1e-9,
        "{series} is {found}, not {expected}"
    );
}

fn sign_ins(outcome: &str) -> String {
    format!("doorward_sign_ins_total{{outcome=\"{outcome}\"}}")
}

fn requests(route: &str, method: &str, status: &str) -> String {
    format!("doorward_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}")
}

fn limit(limit: &str) -> String {
    format!("doorward_limits_reached_total{{limit=\"{limit}\"}}")
}

const SIGN_IN: &str = "/api/auth/sign-in/email";

#[test]
fn sign_ins_are_counted_as_they_are_answered() {
    let app = app(|setup| setup.http.rate_limit.enabled = true);
    drop(app.signed_up("ada@example.test"));
    assert_value(&app, &sign_ins("issued"), 1);
    let mut browser = app.browser();
    let answer = browser.post("/sign-in/email", &credentials("ada@example.test", PASSWORD));
    assert_eq!(answer.status, 200, "{}", answer.text);
    for email in ["ada@example.test", "nobody@example.test"] {
        assert_eq!(guess(&mut browser, email).status, 401);
    }
    assert_eq!(guess(&mut browser, "ada@example.test").status, 429);
    for (series, expected) in [
        (sign_ins("issued"), 2),
        (sign_ins("wrong_credentials"), 2),
        (sign_ins("too_many_attempts"), 0),
        (limit("requests"), 1),
        (requests(SIGN_IN, "POST", "200"), 1),
        (requests(SIGN_IN, "POST", "401"), 2),
        (requests(SIGN_IN, "POST", "429"), 1),
        (
            format!("doorward_http_request_duration_seconds_count{{route=\"{SIGN_IN}\"}}"),
            4,
        ),
        ("doorward_http_requests_in_flight".to_owned(), 0),
        ("doorward_password_hashes_shed_total".to_owned(), 0),
        ("doorward_password_hash_threads".to_owned(), 1),
    ] {
        assert_value(&app, &series, expected);
    }
}

#[test]
fn wrong_passwords_beyond_the_limit_of_an_account_are_counted() {
    let app = app(|_| {});
    drop(app.signed_up("ada@example.test"));
    let mut browser = app.browser();
    // Usernames are on, so that an address has no more than half a budget; the wait begins after ten all the same.
    for _ in 0..10 {
        assert_eq!(guess(&mut browser, "ada@example.test").status, 401);
    }
    assert_eq!(guess(&mut browser, "ada@example.test").status, 429);
    assert_value(&app, &sign_ins("wrong_credentials"), 10);
    assert_value(&app, &sign_ins("too_many_attempts"), 1);
    assert_value(&app, &limit("password_attempts"), 1);
    assert_value(&app, &limit("requests"), 0);
}

#[test]
fn requests_that_no_route_serves_are_counted_together() {
    let app = app(|setup| setup.http.disabled_paths = vec!["/update-user".to_owned()]);
    let mut browser = app.browser();
    for (method, path) in [
        ("GET", "/elsewhere"),
        ("GET", "/api/auth/elsewhere"),
        ("GET", "/api/auth/sign%2Din/email"),
        ("POST", "/api/auth/update-user"),
        ("BREW", "/api/auth/elsewhere"),
    ] {
        assert_eq!(
            browser.send(method, path, None, b"").status,
            404,
            "{method} {path}"
        );
    }
    // A method that a known path does not take.
    assert_eq!(browser.send("BREW", SIGN_IN, None, b"").status, 404);
    assert_value(&app, &requests("unmatched", "GET", "404"), 3);
    assert_value(&app, &requests("unmatched", "POST", "404"), 1);
    assert_value(&app, &requests("unmatched", "other", "404"), 1);
    assert_value(&app, &requests(SIGN_IN, "other", "404"), 1);
}

#[test]
fn a_waiting_email_and_its_age_are_shown_until_it_is_sent() {
    let app = app(|_| {});
    drop(app.signed_up("ada@example.test"));
    let answer = app
        .browser()
        .post("/request-password-reset", &json!({ "email": "ada@example.test" }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    app.clock.advance(chrono::TimeDelta::seconds(90));
    let waiting = value(&app, "doorward_outbox_emails");
    assert!(waiting >= 1.0, "{waiting}");
    assert_value(&app, "doorward_outbox_oldest_seconds", 90);
    assert_value(&app, "doorward_database_up", 1);
    let sent = app.sent_emails().len();
    assert!(u32::try_from(sent).is_ok_and(|sent| (f64::from(sent) - waiting).abs() < 1e-9));
    assert_value(&app, "doorward_outbox_emails", 0);
    assert_value(&app, "doorward_outbox_oldest_seconds", 0);
    let series = "doorward_emails_total{outcome=\"sent\"}";
    assert_value(&app, series, u32::try_from(sent).unwrap());
}

/// Whatever a client sends, no label is made of it.
#[test]
fn no_metric_has_an_address_an_id_a_token_or_a_path_of_a_request_in_it() {
    let app = app(|_| {});
    let mut ada = app.signed_up("ada@example.test");
    let id = app.id_of("ada@example.test").to_string();
    let session = ada.get("/get-session").json()["session"]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(guess(&mut ada, "ada@example.test").status, 401);
    for path in [
        "/reset-password/secret-token?callbackURL=/".to_owned(),
        "/verify-email?token=secret-token".to_owned(),
        format!("/{id}"),
        "/ada@example.test".to_owned(),
    ] {
        drop(ada.get(&path));
    }
    drop(ada.send("SECRET-TOKEN", "/api/auth/ok", None, b""));
    ada.headers = vec![("user-agent".to_owned(), "secret-token".to_owned())];
    assert_eq!(ada.get("/ok").status, 200);
    let text = app.metrics();
    for secret in [
        "ada",
        "example.test",
        &*id,
        &*session,
        "secret-token",
        "SECRET-TOKEN",
        "127.0.0.1",
    ] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let route = "/api/auth/reset-password/{token}";
    assert!(text.contains(&format!("route=\"{route}\"")), "{text}");
    assert_value(&app, &requests(route, "GET", "302"), 1);
}

/// However many different things clients ask for, the page does not grow.
#[test]
fn what_strangers_ask_for_makes_no_new_series() {
    let app = app(|_| {});
    let mut browser = app.browser();
    let series = |app: &TestApp| {
        app.metrics()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count()
    };
    let ask = |browser: &mut doorward_testing::Browser, number: u32| {
        let path = format!("/api/auth/{number}");
        assert_eq!(browser.send("GET", &path, None, b"").status, 404);
        let method = format!("M{number}");
        assert_eq!(browser.send(&method, &path, None, b"").status, 404);
        drop(browser.get(&format!("/reset-password/{number}?callbackURL=/")));
    };
    ask(&mut browser, 0);
    let before = series(&app);
    for number in 1..20 {
        ask(&mut browser, number);
    }
    assert_eq!(series(&app), before);
}
