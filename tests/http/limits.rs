//! Rate limits of clients (RL-1 to RL-3, RL-6, RL-9).

use std::sync::Arc;

use chrono::TimeDelta;
use doorward_adapters::sea_orm::{SeaRateLimiter, SeaStore};
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

pub(crate) fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

pub(crate) fn guess(browser: &mut Browser, email: &str) -> Response {
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
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let app = TestApp::with(preset, limited);
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
            let answer = client.get(path);
            match preset {
                Preset::Hardened => assert_eq!(answer.status, 404, "{path}: counted apart"),
                Preset::BetterAuth => blocked(&answer, seconds),
            }
        }
    }
}

#[test]
fn rl_1_an_export_has_a_limit_of_its_own() {
    let app = TestApp::with(Preset::Hardened, limited);
    let mut client = at(&app, "203.0.113.1");
    for _ in 0..3 {
        assert_eq!(client.get("/export-user").status, 401);
    }
    blocked(&client.get("/export-user"), "60");
    assert_eq!(client.get("/ok").status, 200);
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

/// The cookie of a session that was revoked is signed, but must not be a way to the database without a limit.
#[test]
fn rl_1_a_session_that_was_not_there_is_not_looked_for_before_the_limit_again() {
    let app = app();
    let mut ada = at(&app, "198.51.100.1");
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(ada.post("/sign-up/email", &body).status, 200);
    let revoked = ada.cookies.clone();
    assert_eq!(ada.post("/sign-out", &json!({})).status, 200);
    let mut client = at(&app, "198.51.100.1");
    let mut read = || {
        client.cookies = revoked.clone();
        client.get("/get-session")
    };
    for _ in 0..100 {
        assert_eq!(read().text, "null");
    }
    let answer = read();
    blocked(&answer, "10");
    assert!(answer.set_cookies().is_empty(), "{:?}", answer.set_cookies());
    app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(read().text, "null");
}

/// Any site can make the browsers of its visitors send such requests.
#[test]
fn rl_5_other_sites_do_not_use_up_the_sign_ins_of_their_visitors() {
    for (preset, counts) in [(Preset::Hardened, false), (Preset::BetterAuth, true)] {
        for foreign in ["method", "origin"] {
            let app = TestApp::with(preset, limited);
            let mut visitor = at(&app, "198.51.100.1");
            let mut other = visitor.clone();
            other.origin = Some("https://evil.example".to_owned());
            let mut send = || match foreign {
                "method" => other.send("GET", "/api/auth/sign-in/email", None, b""),
                _ => guess(&mut other, "ada@example.test"),
            };
            for _ in 0..3 {
                assert!(matches!(send().status, 403 | 404), "{foreign}");
            }
            blocked(&send(), "10");
            let status = guess(&mut visitor, "ada@example.test").status;
            assert_eq!(status, if counts { 429 } else { 401 }, "{preset:?}, {foreign}");
        }
    }
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
            let limiter = SeaRateLimiter::new(
                &SeaStore::new(connection.clone()),
                Arc::new(SeededEntropy::default()),
            );
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
