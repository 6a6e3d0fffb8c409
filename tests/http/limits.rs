//! Rate limits of clients, and limits on wrong passwords and emails (RL-1 to RL-9).

use std::sync::Arc;
use std::thread;

use chrono::TimeDelta;
use doorward_adapters::sea_orm::SeaRateLimiter;
use doorward_application::settings::Preset;
use doorward_testing::{Backend, Browser, PASSWORD, Response, SeededEntropy, Setup, TestApp};
use serde_json::{Value, json};

/// Limits are on, and a proxy on this machine says where clients come from.
fn limited(setup: &mut Setup) {
    setup.http.rate_limit.enabled = true;
    setup.http.client_address.trusted_proxies = vec!["127.0.0.1".to_owned()];
}

fn app() -> TestApp {
    TestApp::with(Preset::Hardened, limited)
}

/// A browser behind the proxy.
fn at(app: &TestApp, address: &str) -> Browser {
    let mut browser = app.browser();
    browser.headers = vec![("x-forwarded-for".to_owned(), address.to_owned())];
    browser
}

fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

fn guess(browser: &mut Browser, email: &str) -> Response {
    browser.post("/sign-in/email", &credentials(email, "wrong password"))
}

/// 429 of a client that asks too often, with the seconds to wait in both headers.
fn blocked(answer: &Response, seconds: &str) {
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert_eq!(
        answer.text,
        r#"{"message":"Too many requests. Please try again later."}"#
    );
    for name in ["retry-after", "x-retry-after"] {
        assert_eq!(answer.header(name), seconds, "{name}");
    }
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// 429 of an account whose password was guessed too often.
fn refused(answer: &Response, seconds: &str) {
    assert_eq!(
        (answer.status, &*answer.code()),
        (429, "TOO_MANY_PASSWORD_ATTEMPTS"),
        "{}",
        answer.text
    );
    for name in ["retry-after", "x-retry-after"] {
        assert_eq!(answer.header(name), seconds, "{name}");
    }
}

#[test]
fn rl_1_sign_ins_of_one_client_are_three_in_ten_seconds() {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let app = TestApp::with(preset, limited);
        let mut client = at(&app, "198.51.100.1");
        for _ in 0..3 {
            assert_eq!(guess(&mut client, "ada@example.test").status, 401);
        }
        app.clock.advance(TimeDelta::milliseconds(2500));
        blocked(&guess(&mut client, "bob@example.test"), "8");
        assert_eq!(
            guess(&mut at(&app, "198.51.100.2"), "ada@example.test").status,
            401
        );
        assert_eq!(client.get("/ok").status, 200, "another path");
        app.clock.advance(TimeDelta::milliseconds(7500));
        assert_eq!(guess(&mut client, "ada@example.test").status, 401);
    }
}

#[test]
fn rl_1_a_blocked_request_does_nothing() {
    let app = app();
    let mut client = at(&app, "198.51.100.1");
    let sign_up = |email: &str| json!({ "name": "Ada", "email": email, "password": PASSWORD });
    for number in 0..3 {
        let answer = client.post("/sign-up/email", &sign_up(&format!("ada{number}@example.test")));
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let answer = client.post("/sign-up/email", &sign_up("late@example.test"));
    blocked(&answer, "10");
    assert!(answer.set_cookies().is_empty());
    let late = doorward_domain::user::Email::parse("late@example.test").unwrap();
    assert!(
        app.wait(app.store.users().find_by_email(&late))
            .unwrap()
            .is_none()
    );
}

#[test]
fn rl_1_special_paths_have_their_limits_and_all_others_a_hundred() {
    let app = app();
    for (number, (path, max, seconds)) in [
        ("/sign-in/username", 3, "10"),
        ("/sign-up/email", 3, "10"),
        ("/change-password", 3, "10"),
        ("/change-email", 3, "10"),
        ("/request-password-reset", 3, "60"),
        ("/send-verification-email", 3, "60"),
        ("/update-user", 100, "10"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = at(&app, &format!("203.0.113.{number}"));
        for _ in 0..max {
            assert_ne!(client.post(path, &json!({})).status, 429, "{path}");
        }
        blocked(&client.post(path, &json!({})), seconds);
        // Whatever the method.
        blocked(&client.get(path), seconds);
    }
}

#[test]
fn rl_1_the_general_limit_is_an_option_and_does_not_touch_the_special_ones() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        limited(setup);
        setup.http.rate_limit.max = 5;
        setup.http.rate_limit.window = TimeDelta::seconds(4);
    });
    let mut client = at(&app, "198.51.100.1");
    for _ in 0..5 {
        assert_eq!(client.get("/ok").status, 200);
    }
    blocked(&client.get("/ok"), "4");
    for _ in 0..3 {
        assert_eq!(guess(&mut client, "ada@example.test").status, 401);
    }
    blocked(&guess(&mut client, "ada@example.test"), "10");
}

#[test]
fn rl_1_reading_a_session_that_exists_is_not_limited() {
    let app = app();
    let mut ada = at(&app, "198.51.100.1");
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(ada.post("/sign-up/email", &body).status, 200);
    let mut nobody = at(&app, "198.51.100.1");
    for _ in 0..100 {
        assert_eq!(nobody.get("/get-session").text, "null");
    }
    blocked(&nobody.get("/get-session"), "10");
    for path in ["/get-session", "/session"] {
        for _ in 0..150 {
            assert_eq!(ada.get(path).status, 200);
        }
    }
    // A session that was revoked is one that does not exist, although its cookie is signed; a forged one does not even
    // ask the store.
    let cookies = ada.cookies.clone();
    assert_eq!(ada.post("/sign-out", &json!({})).status, 200);
    for value in [
        cookies["better-auth.session_token"].clone(),
        "token.c2lnbmF0dXJl".to_owned(),
    ] {
        let mut stale = at(&app, "198.51.100.1");
        stale
            .cookies
            .insert("better-auth.session_token".to_owned(), value);
        blocked(&stale.get("/get-session"), "10");
    }
    let mut elsewhere = at(&app, "198.51.100.2");
    for _ in 0..100 {
        elsewhere.cookies = cookies.clone();
        assert_eq!(elsewhere.get("/get-session").text, "null");
    }
    elsewhere.cookies = cookies;
    blocked(&elsewhere.get("/get-session"), "10");
}

#[test]
fn under_better_auth_every_reading_of_a_session_counts() {
    let app = TestApp::with(Preset::BetterAuth, limited);
    let mut ada = at(&app, "198.51.100.1");
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(ada.post("/sign-up/email", &body).status, 200);
    for _ in 0..100 {
        assert_eq!(ada.get("/get-session").status, 200);
    }
    blocked(&ada.get("/get-session"), "10");
}

#[test]
fn rl_1_the_limit_comes_before_the_route_and_after_disabled_paths() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        limited(setup);
        setup.http.disabled_paths = vec!["/sign-in/username".to_owned()];
    });
    let mut client = at(&app, "198.51.100.1");
    for _ in 0..5 {
        assert_eq!(client.post("/sign-in/username", &json!({})).status, 404);
    }
    client.origin = Some("https://evil.example".to_owned());
    for _ in 0..3 {
        let answer = client.send("POST", "/api/auth/sign-in/email", Some("text/plain"), b"x");
        assert_eq!(answer.status, 415);
    }
    let answer = client.send("POST", "/api/auth/sign-in/email", Some("text/plain"), b"x");
    blocked(&answer, "10");
}

#[test]
fn probes_and_the_reference_are_not_limited() {
    let app = app();
    let mut client = at(&app, "198.51.100.1");
    for _ in 0..110 {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(client.send("GET", path, None, b"").status, 200, "{path}");
        }
        assert_eq!(client.get("/docs/start.js").status, 200);
    }
}

#[test]
fn rl_2_a_header_of_a_client_that_is_no_proxy_moves_nobody_into_another_bucket() {
    let app = TestApp::with(Preset::Hardened, |setup| setup.http.rate_limit.enabled = true);
    for number in 0..3 {
        let mut client = at(&app, &format!("198.51.100.{number}"));
        assert_eq!(guess(&mut client, "ada@example.test").status, 401);
    }
    blocked(&guess(&mut at(&app, "198.51.100.9"), "ada@example.test"), "10");
    blocked(&guess(&mut app.browser(), "ada@example.test"), "10");
}

#[test]
fn rl_2_addresses_that_cannot_be_read_share_a_bucket() {
    let app = app();
    for address in ["unknown", "198.51.100.1, nonsense", "1.2.3.4.5"] {
        assert_eq!(guess(&mut at(&app, address), "ada@example.test").status, 401);
    }
    blocked(&guess(&mut at(&app, "_hidden"), "ada@example.test"), "10");
    assert_eq!(
        guess(&mut at(&app, "198.51.100.1"), "ada@example.test").status,
        401
    );
}

#[test]
fn rl_3_forms_of_one_address_and_one_network_share_a_bucket() {
    let app = app();
    for address in ["198.51.100.1", "::ffff:198.51.100.1", "198.51.100.1:4711"] {
        assert_eq!(guess(&mut at(&app, address), "ada@example.test").status, 401);
    }
    blocked(
        &guess(&mut at(&app, "::ffff:c633:6401"), "ada@example.test"),
        "10",
    );
    for address in ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::", "[2001:db8:1:2::3]:80"] {
        assert_eq!(guess(&mut at(&app, address), "ada@example.test").status, 401);
    }
    blocked(
        &guess(&mut at(&app, "2001:db8:1:2:3:4:5:6"), "ada@example.test"),
        "10",
    );
    assert_eq!(
        guess(&mut at(&app, "2001:db8:1:3::1"), "ada@example.test").status,
        401
    );
}

#[test]
fn rl_6_another_spelling_of_a_path_is_no_way_around_its_limit() {
    let app = app();
    let mut client = at(&app, "198.51.100.1");
    let body = credentials("ada@example.test", "wrong password").to_string();
    for _ in 0..3 {
        assert_eq!(guess(&mut client, "ada@example.test").status, 401);
    }
    for path in [
        "/api/auth//sign-in/email",
        "/api/auth/sign-in//email",
        "/api/auth/sign-in/email/",
        "/api/auth/sign-in/%65mail",
        "/api/auth/Sign-In/email",
        "/api/auth/sign-in/email;x",
        "/api/auth/./sign-in/email",
        "/api/auth/sign-in/x/../email",
    ] {
        let answer = client.send("POST", path, Some("application/json"), body.as_bytes());
        assert!(matches!(answer.status, 404 | 429), "{path}: {}", answer.status);
    }
    blocked(
        &client.send(
            "POST",
            "/api/auth/sign-in/email?x=1",
            Some("application/json"),
            body.as_bytes(),
        ),
        "10",
    );
}

#[test]
fn rl_6_paths_that_do_not_exist_are_counted_together() {
    let app = app();
    let mut client = at(&app, "198.51.100.1");
    for number in 0..100 {
        assert_eq!(client.get(&format!("/nothing-{number}")).status, 404);
    }
    blocked(&client.get("/nothing-more"), "10");
    assert_eq!(client.get("/ok").status, 200);
}

fn rl_4_of_fifty_guesses_at_once_ten_are_answered(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    let browsers: Vec<_> = (0..50).map(|_| app.browser()).collect();
    let statuses: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = browsers
            .into_iter()
            .map(|mut browser| scope.spawn(move || guess(&mut browser, "ada@example.test").status))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((count(401), count(429)), (10, 40), "{statuses:?}");
}

fn rl_9_failures_are_in_the_database_so_that_a_restart_forgets_none(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    for _ in 0..10 {
        assert_eq!(guess(&mut app.browser(), "ada@example.test").status, 401);
    }
    let store = app.store.clone();
    let again = TestApp::with(Preset::Hardened, |setup| setup.store = store);
    refused(&guess(&mut again.browser(), "ada@example.test"), "1");
}

doorward_testing::on_every_backend!(
    rl_4_of_fifty_guesses_at_once_ten_are_answered,
    rl_9_failures_are_in_the_database_so_that_a_restart_forgets_none,
);

#[test]
fn rl_4_who_exists_is_not_told_by_who_is_blocked() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    let answers = |email: &str| -> Vec<_> {
        let guess = |_| {
            let answer = guess(&mut app.browser(), email);
            (
                answer.status,
                answer.text.clone(),
                answer.header("retry-after").to_owned(),
            )
        };
        (0..12).map(guess).collect()
    };
    let known = answers("ada@example.test");
    assert_eq!(known, answers("nobody@example.test"));
    assert_eq!(known.iter().filter(|(status, ..)| *status == 401).count(), 10);
}

#[test]
fn rl_4_no_password_is_looked_at_while_an_account_waits() {
    let app = TestApp::start();
    let mut ada = app.signed_up("ada@example.test");
    for _ in 0..10 {
        assert_eq!(guess(&mut app.browser(), "ada@example.test").status, 401);
    }
    let right = credentials("ada@example.test", PASSWORD);
    let answer = app.browser().post("/sign-in/email", &right);
    refused(&answer, "1");
    assert!(answer.set_cookies().is_empty());
    // RL-5: who is signed in stays so, and what they do is another matter.
    assert_eq!(
        ada.get("/get-session").json()["user"]["email"],
        "ada@example.test"
    );
    assert_eq!(
        ada.post("/verify-password", &json!({ "password": PASSWORD }))
            .status,
        200
    );
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(app.browser().post("/sign-in/email", &right).status, 200);
}

#[test]
fn rl_4_passwords_of_a_signed_in_user_are_counted_wherever_they_are_asked_for() {
    let app = TestApp::start();
    let mut ada = app.signed_up("ada@example.test");
    let wrong = json!({ "password": "wrong password", "currentPassword": "wrong password", "newPassword": "nine green bottles" });
    for number in 0..10 {
        let path = ["/verify-password", "/change-password", "/delete-user"][number % 3];
        let answer = ada.post(path, &wrong);
        assert_eq!(
            (answer.status, &*answer.code()),
            (400, "INVALID_PASSWORD"),
            "{path}"
        );
    }
    for path in ["/verify-password", "/change-password", "/delete-user"] {
        refused(&ada.post(path, &wrong), "1");
    }
    assert_eq!(
        ada.get("/get-session").json()["user"]["email"],
        "ada@example.test"
    );
}

#[test]
fn under_better_auth_wrong_passwords_block_no_account() {
    let app = TestApp::with(Preset::BetterAuth, |_| {});
    drop(app.signed_up("ada@example.test"));
    for _ in 0..15 {
        assert_eq!(guess(&mut app.browser(), "ada@example.test").status, 401);
    }
}

#[test]
fn rl_5_a_mailed_reset_lifts_the_block() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    for _ in 0..10 {
        assert_eq!(guess(&mut app.browser(), "ada@example.test").status, 401);
    }
    refused(&guess(&mut app.browser(), "ada@example.test"), "1");
    let mut owner = app.browser();
    let asked = json!({ "email": "ada@example.test", "redirectTo": "/reset" });
    assert_eq!(owner.post("/request-password-reset", &asked).status, 200);
    let emails = app.sent_emails();
    let link = emails[0].link.expose();
    let (_, rest) = link.split_once("/reset-password/").unwrap();
    let token = rest.split('?').next().unwrap();
    let new = "nine green bottles";
    let answer = owner.post("/reset-password", &json!({ "token": token, "newPassword": new }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        owner
            .post("/sign-in/email", &credentials("ada@example.test", new))
            .status,
        200
    );
}

#[test]
fn rl_7_the_sixth_email_of_an_hour_is_not_sent_and_the_answer_is_the_same() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    for (path, email) in [
        ("/request-password-reset", "ada@example.test"),
        ("/send-verification-email", "ada@example.test"),
    ] {
        let body = json!({ "email": email });
        let answers: Vec<_> = (0..7)
            .map(|_| {
                let answer = app.browser().post(path, &body);
                (answer.status, answer.text)
            })
            .collect();
        assert!(
            answers
                .iter()
                .all(|answer| *answer == answers[0] && answer.0 == 200)
        );
        assert_eq!(app.sent_emails().len(), 5, "{path}");
    }
}

/// Two servers of one database count together.
#[test]
fn rl_9_limits_in_the_database_hold_for_all_servers_of_it() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if !backend.is_available() {
            continue;
        }
        let first = TestApp::on(backend);
        let connection = first.wait(first.database().unwrap().connection());
        let server = || {
            let limiter = SeaRateLimiter::new(connection.clone(), Arc::new(SeededEntropy::default()));
            TestApp::with(Preset::Hardened, |setup| {
                limited(setup);
                setup.rate_limiter = Arc::new(limiter);
            })
        };
        let (here, there) = (server(), server());
        for app in [&here, &there, &here] {
            assert_eq!(
                guess(&mut at(app, "198.51.100.1"), "ada@example.test").status,
                401
            );
        }
        blocked(&guess(&mut at(&there, "198.51.100.1"), "ada@example.test"), "10");
    }
}
