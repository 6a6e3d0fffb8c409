//! Sessions that a cookie holds a copy of.

use chrono::TimeDelta;
use doorward_application::settings::Preset;
use doorward_testing::{Backend, PASSWORD, TestApp, samples};
use serde_json::json;

fn se_9_a_cache_in_many_cookies_is_kept_in_step_and_cleared_whole(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
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

/// A cache that is not believed is cleared before it is set anew, as by Better Auth.
fn a_cached_session_that_is_not_believed_is_cleared_and_then_replaced(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::BetterAuth, |setup| {
        setup.http.cookie_cache.enabled = true;
    });
    let mut browser = app.signed_up("ada@example.test");
    let name = "better-auth.session_data";
    let mut set = |value: Option<&str>| {
        if let Some(value) = value {
            browser.cookies.insert(name.to_owned(), value.to_owned());
        }
        let answer = browser.get("/get-session");
        assert_eq!(answer.json()["user"]["email"], "ada@example.test");
        let cookies = answer.set_cookies();
        let ours = cookies.iter().filter(|cookie| cookie.starts_with(name));
        let ages: Vec<_> = ours.map(|cookie| cookie.contains("Max-Age=0")).collect();
        assert!(browser.cookies[name].len() > 100, "it was replaced");
        ages
    };
    assert_eq!(set(None), Vec::<bool>::new(), "out of the cache");
    for malformed in ["bm90LWpzb24=", "garbage"] {
        assert_eq!(set(Some(malformed)), [true, false], "{malformed}");
    }
    app.clock.advance(TimeDelta::minutes(6));
    assert_eq!(set(None), [true, false], "too old");
}

/// A revoked session that is answered out of the cache must not seal itself a longer one.
fn se_10_a_cached_session_does_not_prolong_its_cache(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::BetterAuth, |setup| {
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

doorward_testing::on_every_backend!(
    se_9_a_cache_in_many_cookies_is_kept_in_step_and_cleared_whole,
    a_cached_session_that_is_not_believed_is_cleared_and_then_replaced,
    se_10_a_cached_session_does_not_prolong_its_cache,
);
