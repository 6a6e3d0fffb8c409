//! What every answer has, whatever the route and the outcome.

use doorward_application::settings::Preset;
use doorward_domain::redirect::Origin;
use doorward_testing::TestApp;
use serde_json::json;

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
fn over_https_the_browser_is_told_to_stay_there_and_cookies_are_secure() {
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
