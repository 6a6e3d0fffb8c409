//! How long a session lasts, and how it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use doorward_adapters::cache::{CacheInvalidatingStore, MemorySessionCache};
use doorward_adapters::memory::MemoryStore;
use doorward_application::settings::Preset;
use doorward_domain::Store;
use doorward_testing::{Backend, PASSWORD, TestApp, samples};
use serde_json::json;

fn sign_in(app: &TestApp, remember: bool) -> doorward_testing::Browser {
    let mut browser = app.browser();
    let body = json!({ "email": "ada@example.test", "password": PASSWORD, "rememberMe": remember });
    assert_eq!(browser.post("/sign-in/email", &body).status, 200);
    browser
}

fn tk_2_the_token_rests_as_a_digest_and_the_digest_opens_nothing(backend: Backend) {
    let app = TestApp::on(backend);
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

fn tk_2_lists_show_no_token_of_another_session(backend: Backend) {
    let app = TestApp::on(backend);
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

fn se_5_a_revoked_session_is_over_with_the_next_request(backend: Backend) {
    let app = TestApp::on(backend);
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

/// Two servers on one database, each with a cache of what it read: one hears nothing of what the other writes. What changes
/// something asks the database, and what only reads is answered out of the cache for its time and no longer (RE-16).
fn se_5_re_16_a_session_revoked_on_another_server_is_read_for_the_age_of_its_cache_at_most(backend: Backend) {
    let max_age = Duration::from_millis(500);
    let cached = |store: Arc<dyn Store>| {
        let cache = Arc::new(MemorySessionCache::new(max_age));
        (Arc::new(CacheInvalidatingStore::new(store, cache.clone())), cache)
    };
    let first = TestApp::on_with(backend, Preset::Hardened, |setup| {
        (setup.store, setup.session_cache) = cached(setup.store.clone());
    });
    let Some(database) = first.database() else {
        return;
    };
    let same: Arc<dyn Store> = Arc::new(first.wait(database.store()));
    let second = TestApp::on_with(Backend::Memory, Preset::Hardened, |setup| {
        (setup.store, setup.session_cache) = cached(same);
    });
    for path in ["/revoke-sessions", "/sign-out", "/delete-user"] {
        let mut here = first.signed_up("ada@example.test");
        let mut there = second.browser();
        there.cookies.clone_from(&here.cookies);
        assert_ne!(
            there.clone().get("/get-session").text,
            "null",
            "the other server knows it"
        );
        assert_eq!(here.post(path, &json!({})).status, 200, "{path}");
        let ended = Instant::now();
        let write = there.clone().post("/update-user", &json!({ "name": "Mallory" }));
        assert_eq!(write.status, 401, "{path}: {}", write.text);
        assert_eq!(
            here.get("/get-session").text,
            "null",
            "{path}: the server that wrote"
        );
        loop {
            let begun = ended.elapsed();
            if there.clone().get("/get-session").text == "null" {
                break;
            }
            assert!(begun <= max_age, "{path}: still read after {begun:?}");
        }
        let users = first.store.users();
        let email = samples::email("ada");
        if let Some(user) = first.wait(users.find_by_email(&email)).unwrap() {
            assert!(first.wait(users.delete(&user.id)).unwrap().is_removed());
        }
    }
}

/// A row that cannot be read is nobody's fault who has a cookie: they stay signed in when it is repaired.
fn a_user_who_cannot_be_read_is_an_error_and_keeps_the_cookie(backend: Backend) {
    let app = TestApp::on(backend);
    let Some(database) = app.database() else {
        return;
    };
    let (spoil, repair): (&[&str], &[&str]) = match backend {
        Backend::Postgres => (
            &[
                r#"ALTER TABLE "user" ALTER COLUMN "name" DROP NOT NULL"#,
                r#"UPDATE "user" SET "name" = NULL"#,
            ],
            &[r#"UPDATE "user" SET "name" = 'Ada'"#],
        ),
        _ => (
            &[r#"UPDATE "user" SET "name" = x'ff'"#],
            &[r#"UPDATE "user" SET "name" = 'Ada'"#],
        ),
    };
    let mut browser = app.signed_up("ada@example.test");
    let cookies = browser.cookies.clone();
    for statement in spoil {
        app.wait(database.execute(statement));
    }
    for path in [
        "/get-session",
        "/get-session?disableCookieCache=true",
        "/list-sessions",
    ] {
        let answer = browser.get(path);
        assert_eq!(answer.status, 500, "{path}: {}", answer.text);
        assert!(
            answer.set_cookies().is_empty(),
            "{path}: {:?}",
            answer.set_cookies()
        );
    }
    assert_eq!(
        browser.post("/update-user", &json!({ "name": "Ada" })).status,
        500
    );
    assert_eq!(browser.cookies, cookies);
    for statement in repair {
        app.wait(database.execute(statement));
    }
    assert_eq!(browser.get("/get-session").json()["user"]["name"], "Ada");
}

/// A row that a version before this one wrote lacks how and when its user signed in: its age counts from when it was made.
fn se_8_a_session_of_the_version_before_ages_from_when_it_was_made(backend: Backend) {
    let app = TestApp::on(backend);
    let Some(database) = app.database() else {
        return;
    };
    let mut browser = app.signed_up("ada@example.test");
    let mut proven = sign_in(&app, true);
    app.clock.advance(TimeDelta::hours(23));
    let of_before = r#"UPDATE "session" SET "amr" = NULL, "authenticatedAt" = NULL, "browserSession" = NULL"#;
    app.wait(database.execute(of_before));
    assert_eq!(browser.get("/list-sessions").status, 200, "fresh for an hour yet");
    app.clock.advance(TimeDelta::hours(1));
    let stale = browser.get("/list-sessions");
    assert_eq!((stale.status, stale.code().as_str()), (403, "SESSION_NOT_FRESH"));
    for day in 2..30 {
        app.clock.advance(TimeDelta::days(1));
        assert_ne!(browser.get("/get-session").text, "null", "day {day}");
        assert_ne!(proven.get("/get-session").text, "null", "day {day}");
    }
    // Another proof makes a session fresh and young.
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "another staple of horses" });
    app.wait(database.execute(of_before));
    app.clock.advance(TimeDelta::hours(23));
    assert_ne!(browser.get("/get-session").text, "null");
    assert_eq!(proven.post("/change-password", &change).status, 200);
    assert_eq!(proven.get("/list-sessions").status, 200);
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(browser.get("/get-session").text, "null", "thirty days");
    assert_ne!(proven.get("/get-session").text, "null");
}

fn ac_1_nobody_ends_a_stranger_s_session(backend: Backend) {
    let app = TestApp::on(backend);
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

fn se_8_a_session_in_use_goes_on_but_not_for_ever(backend: Backend) {
    let app = TestApp::on(backend);
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

fn a_session_that_is_not_remembered_lasts_for_the_browser_and_a_day_at_most(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    let mut browser = sign_in(&app, false);
    app.clock.advance(TimeDelta::days(1) - TimeDelta::milliseconds(1));
    assert_ne!(browser.get("/get-session").text, "null");
    app.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(browser.get("/get-session").text, "null");
}

fn se_11_the_oldest_of_too_many_sessions_ends(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
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

fn se_3_signing_in_again_ends_the_session_the_browser_had(backend: Backend) {
    let app = TestApp::on(backend);
    let mut browser = app.signed_up("ada@example.test");
    let mut before = browser.clone();
    browser.post(
        "/sign-in/email",
        &json!({ "email": "ada@example.test", "password": PASSWORD }),
    );
    assert_ne!(browser.cookies, before.cookies);
    assert_eq!(before.get("/get-session").text, "null");
}

fn pw_9_what_needs_freshness_asks_to_sign_in_again(backend: Backend) {
    let app = TestApp::on(backend);
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

fn se_9_signing_out_clears_every_cookie(backend: Backend) {
    let app = TestApp::on(backend);
    let mut browser = app.signed_up("ada@example.test");
    let mut copy = browser.clone();
    assert_eq!(browser.post("/sign-out", &json!({})).status, 200);
    let left: Vec<_> = browser.cookies.keys().collect();
    assert_eq!(left, ["better-auth.device"], "the browser stays known");
    assert_eq!(copy.get("/get-session").text, "null");
    assert_eq!(
        copy.post("/sign-out", &json!({})).status,
        200,
        "twice is no error"
    );
}

doorward_testing::on_every_backend!(
    a_user_who_cannot_be_read_is_an_error_and_keeps_the_cookie,
    se_5_re_16_a_session_revoked_on_another_server_is_read_for_the_age_of_its_cache_at_most,
    se_8_a_session_of_the_version_before_ages_from_when_it_was_made,
    tk_2_the_token_rests_as_a_digest_and_the_digest_opens_nothing,
    tk_2_lists_show_no_token_of_another_session,
    se_5_a_revoked_session_is_over_with_the_next_request,
    ac_1_nobody_ends_a_stranger_s_session,
    se_8_a_session_in_use_goes_on_but_not_for_ever,
    a_session_that_is_not_remembered_lasts_for_the_browser_and_a_day_at_most,
    se_11_the_oldest_of_too_many_sessions_ends,
    se_3_signing_in_again_ends_the_session_the_browser_had,
    pw_9_what_needs_freshness_asks_to_sign_in_again,
    se_9_signing_out_clears_every_cookie,
);
