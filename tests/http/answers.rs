//! What every answer has, whatever the route and the outcome.

use doorward_application::settings::Preset;
use doorward_domain::redirect::Origin;
use doorward_testing::TestApp;
use serde_json::json;

use crate::documentation::{concrete, operations};

#[test]
fn hd_1_every_answer_has_the_headers_that_protect_a_browser() {
    let app = TestApp::start();
    let user = json!({ "name": "Ada", "email": "ada@example.test", "password": "nine green bottles" });
    let answers = [
        app.browser().get("/ok"),
        app.browser().get("/nowhere"),
        app.browser().post("/sign-up/email", &user),
        app.browser().post("/sign-in/email", &json!({})),
        app.browser().get("/get-session"),
        app.browser().get("/reset-password/unknown?callbackURL=/"),
    ];
    for answer in answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("cache-control"), "no-store", "SE-9");
        assert_eq!(answer.header("x-request-id").len(), 36);
        assert_eq!(answer.header("strict-transport-security"), "", "only over https");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("server"), "");
    }
}

#[test]
fn hd_2_over_https_the_browser_is_told_to_stay_there_and_cookies_are_secure() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.base_url = Origin::from_base_url("https://auth.example.test").unwrap();
    });
    let mut browser = app.browser();
    browser.origin = Some("https://auth.example.test".to_owned());
    let user = json!({ "name": "Ada", "email": "ada@example.test", "password": "nine green bottles" });
    let answer = browser.post("/sign-up/email", &user);
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    let cookie = answer.set_cookies().concat();
    assert!(
        cookie.starts_with("__Secure-better-auth.session_token="),
        "{cookie}"
    );
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "SE-1: {cookie}");
    }
}

#[test]
fn er_2_errors_are_a_code_and_a_message_and_nothing_else() {
    let app = TestApp::start();
    let answer = app.browser().post(
        "/sign-in/email",
        &json!({ "email": "nobody@example.test", "password": "wrong" }),
    );
    assert_eq!(answer.status, 401);
    let body = answer.json();
    let keys: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["message", "code"]);
}

#[test]
fn re_15_health_says_no_more_than_health() {
    let app = TestApp::start();
    for path in ["/healthz", "/readyz"] {
        let answer = app.browser().send("GET", path, None, b"");
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer.text.len() < 40 && !answer.text.contains("0.1"),
            "{path}: {}",
            answer.text
        );
    }
}

#[test]
fn hd_3_no_header_tells_a_version() {
    let app = TestApp::start();
    let signed_in = app.signed_up("ada@example.test");
    for (path, method) in operations(&app) {
        let content_type = (method == "POST").then_some("application/json");
        let answer = signed_in
            .clone()
            .send(&method, &concrete(&path), content_type, b"{}");
        for (name, value) in &answer.headers {
            let value = value.to_str().unwrap().to_lowercase();
            assert!(
                !["server", "via"].contains(&name.as_str()) && !name.as_str().starts_with("x-powered"),
                "{path}: {name}"
            );
            for told in ["actix", "doorward/", "rust", env!("CARGO_PKG_VERSION")] {
                assert!(!value.contains(told), "{path}: {name}: {value}");
            }
        }
    }
}

#[test]
fn hd_4_no_answer_of_the_api_is_stored_by_a_cache() {
    let app = TestApp::start();
    let signed_in = app.signed_up("ada@example.test");
    for (path, method) in operations(&app) {
        if ["/docs", "/reference", "/open-api"]
            .iter()
            .any(|page| path.contains(page))
        {
            continue;
        }
        let content_type = (method == "POST").then_some("application/json");
        let answer = signed_in
            .clone()
            .send(&method, &concrete(&path), content_type, b"{}");
        assert_eq!(
            answer.header("cache-control"),
            "no-store",
            "SE-9: {method} {path}"
        );
    }
}

#[test]
fn hd_5_the_error_page_shows_nothing_of_what_it_was_asked() {
    let app = TestApp::start();
    for asked in [
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "a%0d%0aset-cookie:b=c",
        "https://evil.example",
        "%22%27",
        "",
    ] {
        let answer = app.browser().get(&format!("/error?error={asked}"));
        if answer.status == 302 {
            assert_eq!(
                (answer.header("location"), answer.text.as_str()),
                ("/?error=UNKNOWN", ""),
                "{asked}"
            );
        } else {
            assert_eq!(answer.code(), "VALIDATION_ERROR", "{asked}");
            assert!(!answer.text.contains("cookie"), "{asked}");
        }
    }
    let answer = app.browser().get("/error?error=INVALID_TOKEN");
    assert_eq!(answer.header("location"), "/?error=INVALID_TOKEN");
}
