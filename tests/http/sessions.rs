//! How long a session lasts, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use doorward_adapters::cache::{CacheInvalidatingStore, MemorySessionCache};
use doorward_adapters::memory::MemoryStore;
use doorward_application::settings::Preset;
use doorward_domain::Store;
use doorward_testing::{PASSWORD, TestApp, samples};
use serde_json::json;

fn sign_in(app: &TestApp, remember: bool) -> doorward_testing::Browser {
    let mut browser = app.browser();
    let body = json!({ "email": "ada@example.test", "password": PASSWORD, "rememberMe": remember });
    assert_eq!(browser.post("/sign-in/email", &body).status, 200);
    browser
}

#[test]
fn tk_2_the_token_rests_as_a_digest_and_the_digest_opens_nothing() {
    let app = TestApp::start();
    let browser = app.signed_up("ada@example.test");
    let user = app
        .wait(app.store.users().find_by_email(&samples::email("ada")))
        .unwrap()
        .unwrap();
    let session = app
        .wait(app.store.sessions().list_live(&user.id, samples::now()))
        .unwrap()
        .remove(0);
    let cookie = browser.cookies.values().next().unwrap().clone();
    let token = cookie.split('.').next().unwrap();
    assert!(
        session.token.as_str().starts_with("sha256:"),
        "{:?}",
        session.token
    );
    assert!(!session.token.as_str().contains(token));
    for forged in [session.token.as_str(), session.id.as_str()] {
        let mut thief = app.browser();
        thief.cookies.insert(
            "better-auth.session_token".to_owned(),
            cookie.replace(token, forged),
        );
        assert_eq!(thief.get("/get-session").text, "null");
    }
}

#[test]
fn tk_2_lists_show_no_token_of_another_session() {
    let app = TestApp::start();
    let mut here = app.signed_up("ada@example.test");
    let elsewhere = sign_in(&app, true);
    let secret = elsewhere
        .cookies
        .values()
        .next()
        .unwrap()
        .split('.')
        .next()
        .unwrap()
        .to_owned();
    let list = here.get("/list-sessions");
    assert_eq!(list.json().as_array().unwrap().len(), 2);
    assert!(!list.text.contains(&secret));
    for handle in list.json().as_array().unwrap() {
        let mut thief = app.browser();
        thief.cookies.insert(
            "better-auth.session_token".to_owned(),
            handle["token"].as_str().unwrap().to_owned(),
        );
        assert_eq!(thief.get("/get-session").text, "null");
    }
}

#[test]
fn se_5_a_revoked_session_is_over_with_the_next_request() {
    let app = TestApp::start();
    let mut here = app.signed_up("ada@example.test");
    let mut elsewhere = sign_in(&app, true);
    let list = here.get("/list-sessions").json();
    let own = here.get("/get-session").json()["session"]["id"].clone();
    let other = list
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["id"] != own)
        .unwrap()
        .clone();
    assert_eq!(
        here.post("/revoke-session", &json!({ "token": other["token"] }))
            .status,
        200
    );
    assert_eq!(elsewhere.get("/get-session").text, "null");
    assert_eq!(elsewhere.get("/list-sessions").status, 401);
    assert_eq!(here.get("/get-session").json()["session"]["id"], own);
}

/// A server that remembers what it read, for so long that a test would notice.
fn with_memory() -> (TestApp, Arc<dyn Store>) {
    let behind: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let cache = Arc::new(MemorySessionCache::new(Duration::from_hours(1)));
    let watched = Arc::new(CacheInvalidatingStore::new(behind.clone(), cache.clone()));
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.store = watched;
        setup.session_cache = cache;
    });
    (app, behind)
}

#[test]
fn se_5_what_is_remembered_is_forgotten_with_every_write_of_the_same_server() {
    type Write = fn(&mut doorward_testing::Browser);
    let writes: [(&str, Write); 5] = [
        ("sign-out", |browser| drop(browser.post("/sign-out", &json!({})))),
        ("revoke-sessions", |browser| {
            drop(browser.post("/revoke-sessions", &json!({})));
        }),
        ("delete-user", |browser| {
            drop(browser.post("/delete-user", &json!({})));
        }),
        ("change-password", |browser| {
            let body = json!({ "currentPassword": PASSWORD, "newPassword": "another staple of horses" });
            drop(browser.post("/change-password", &body));
        }),
        ("sign-in", |browser| {
            drop(browser.post(
                "/sign-in/email",
                &json!({ "email": "ada@example.test", "password": PASSWORD }),
            ));
        }),
    ];
    for (name, write) in writes {
        let (app, _) = with_memory();
        let mut browser = app.signed_up("ada@example.test");
        let mut copy = browser.clone();
        assert_ne!(copy.get("/get-session").text, "null");
        write(&mut browser);
        assert_eq!(copy.get("/get-session").text, "null", "{name}");
    }
    let (app, _) = with_memory();
    let mut browser = app.signed_up("ada@example.test");
    assert_eq!(browser.get("/get-session").json()["user"]["name"], "Ada");
    browser.post("/update-user", &json!({ "name": "Ada L." }));
    assert_eq!(browser.get("/get-session").json()["user"]["name"], "Ada L.");
}

#[test]
fn what_is_remembered_answers_plain_reading_only() {
    let (app, behind) = with_memory();
    let mut browser = app.signed_up("ada@example.test");
    assert_ne!(browser.get("/get-session").text, "null");
    // Another server ends the session: this one does not hear of it.
    let user = app
        .wait(behind.users().find_by_email(&samples::email("ada")))
        .unwrap()
        .unwrap();
    app.wait(behind.sessions().delete_all(&user.id, None)).unwrap();
    assert_ne!(browser.get("/get-session").text, "null", "until its time is over");
    assert_eq!(
        browser.clone().get("/get-session?disableCookieCache=true").text,
        "null"
    );
    for path in ["/list-sessions", "/list-accounts"] {
        assert_eq!(browser.clone().get(path).status, 401, "{path}");
    }
    for path in [
        "/update-user",
        "/revoke-sessions",
        "/delete-user",
        "/change-email",
    ] {
        let body = json!({ "name": "x", "newEmail": "x@example.test" });
        assert_eq!(browser.clone().post(path, &body).status, 401, "{path}");
    }
}

#[test]
fn ac_1_nobody_ends_a_stranger_s_session() {
    let app = TestApp::start();
    let mut ada = app.signed_up("ada@example.test");
    let mut eve = app.signed_up("eve@example.test");
    let session = ada.get("/get-session").json()["session"].clone();
    for handle in [&session["token"], &session["id"]] {
        assert_eq!(
            eve.post("/revoke-session", &json!({ "token": handle })).status,
            200,
            "and says nothing about it"
        );
    }
    assert_eq!(eve.post("/revoke-other-sessions", &json!({})).status, 200);
    assert_eq!(ada.get("/get-session").json()["session"]["id"], session["id"]);
}

#[test]
fn se_8_a_session_in_use_goes_on_but_not_for_ever() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    let mut idle = sign_in(&app, true);
    for day in 1..30 {
        app.clock.advance(TimeDelta::days(1));
        assert_ne!(browser.get("/get-session").text, "null", "day {day}");
    }
    assert_eq!(idle.get("/get-session").text, "null");
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(browser.get("/get-session").text, "null", "absolute lifetime");
}

#[test]
fn a_session_that_is_not_remembered_lasts_for_the_browser_and_a_day_at_most() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    let mut browser = sign_in(&app, false);
    app.clock.advance(TimeDelta::days(1) - TimeDelta::milliseconds(1));
    assert_ne!(browser.get("/get-session").text, "null");
    app.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(browser.get("/get-session").text, "null");
}

#[test]
fn se_11_the_oldest_of_too_many_sessions_ends() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.session.max_per_user = Some(2);
    });
    let mut first = app.signed_up("ada@example.test");
    app.clock.advance(TimeDelta::seconds(1));
    let mut second = sign_in(&app, true);
    app.clock.advance(TimeDelta::seconds(1));
    let mut third = sign_in(&app, true);
    assert_eq!(first.get("/get-session").text, "null");
    assert_ne!(second.get("/get-session").text, "null");
    assert_ne!(third.get("/get-session").text, "null");
}

#[test]
fn se_3_signing_in_again_ends_the_session_the_browser_had() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    let mut before = browser.clone();
    browser.post(
        "/sign-in/email",
        &json!({ "email": "ada@example.test", "password": PASSWORD }),
    );
    assert_ne!(browser.cookies, before.cookies);
    assert_eq!(before.get("/get-session").text, "null");
}

#[test]
fn pw_9_what_needs_freshness_asks_to_sign_in_again() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    app.clock.advance(TimeDelta::days(2));
    assert_ne!(browser.get("/get-session").text, "null");
    assert_eq!(
        browser
            .post("/change-email", &json!({ "newEmail": "new@example.test" }))
            .status,
        403
    );
    assert_eq!(browser.post("/delete-user", &json!({})).code(), "SESSION_EXPIRED");
    assert!(app.sent_emails().is_empty());
}

#[test]
fn se_9_a_cache_in_many_cookies_is_kept_in_step_and_cleared_whole() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.http.cookie_cache.enabled = true;
    });
    for path in ["/delete-user", "/sign-out", "/revoke-sessions"] {
        let mut browser = app.browser();
        browser.headers.push(("user-agent".to_owned(), "x".repeat(500)));
        let image = format!("https://example.test/{}", "x".repeat(2000));
        let body =
            json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD, "image": image });
        browser.post("/sign-up/email", &body);
        let parts = |browser: &doorward_testing::Browser| {
            let names = browser
                .cookies
                .keys()
                .filter(|name| name.contains("session_data"));
            names.cloned().collect::<Vec<_>>()
        };
        assert_eq!(
            parts(&browser),
            ["better-auth.session_data.0", "better-auth.session_data.1"]
        );
        let before = browser.cookies.clone();
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(
            browser
                .post("/verify-password", &json!({ "password": PASSWORD }))
                .status,
            200
        );
        assert_ne!(browser.cookies, before, "what the database said is cached anew");
        assert_eq!(
            browser.post("/update-user", &json!({ "image": null })).status,
            200
        );
        assert_eq!(
            parts(&browser),
            ["better-auth.session_data"],
            "the parts are no longer needed"
        );
        browser.post("/update-user", &json!({ "image": image }));
        assert_eq!(browser.post(path, &json!({})).status, 200, "{path}");
        assert_eq!(parts(&browser), Vec::<String>::new(), "{path}");
        assert_eq!(browser.get("/get-session").text, "null", "{path}");
        let user = app
            .wait(app.store.users().find_by_email(&samples::email("ada")))
            .unwrap();
        if let Some(user) = user {
            assert!(app.wait(app.store.users().delete(&user.id)).unwrap().is_removed());
        }
    }
}

/// A revoked session that is answered out of the cache must not seal itself a longer one.
#[test]
fn se_10_a_cached_session_does_not_prolong_its_cache() {
    let app = TestApp::with(Preset::BetterAuth, |setup| {
        setup.http.cookie_cache.enabled = true;
    });
    let mut browser = app.signed_up("ada@example.test");
    let mut other = app.browser();
    let credentials = json!({ "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(other.post("/sign-in/email", &credentials).status, 200);
    app.clock.advance(TimeDelta::minutes(4));
    assert_eq!(
        browser.post("/update-user", &json!({ "name": "Ada L." })).status,
        200
    );
    assert_eq!(
        browser.get("/get-session").json()["user"]["name"],
        "Ada L.",
        "cached anew"
    );
    assert_eq!(other.post("/revoke-other-sessions", &json!({})).status, 200);
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(browser.get("/get-session").text, "null");
}

#[test]
fn se_9_signing_out_clears_every_cookie() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    let mut copy = browser.clone();
    assert_eq!(browser.post("/sign-out", &json!({})).status, 200);
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    assert_eq!(copy.get("/get-session").text, "null");
    assert_eq!(
        copy.post("/sign-out", &json!({})).status,
        200,
        "twice is no error"
    );
}
