//! Who may send requests that change something (CS-1 to CS-4).

use doorward_application::settings::Preset;
use doorward_testing::TestApp;
use serde_json::json;

use crate::documentation::operations;

#[test]
fn cs_1_no_route_obeys_a_foreign_page_with_a_cookie() {
    let app = TestApp::start();
    let signed_in = app.signed_up("ada@example.test");
    let posts = operations(&app).into_iter().filter(|(_, method)| method != "GET");
    let mut tried = 0;
    for (path, method) in posts {
        for (origin, code) in [
            (Some("https://evil.example"), "INVALID_ORIGIN"),
            (Some("null"), "MISSING_OR_NULL_ORIGIN"),
            (None, "MISSING_OR_NULL_ORIGIN"),
        ] {
            let mut browser = signed_in.clone();
            browser.origin = origin.map(str::to_owned);
            let answer = browser.send(&method, &path, Some("application/json"), b"{}");
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, code),
                "{method} {path} from {origin:?}"
            );
            tried += 1;
        }
    }
    assert!(tried > 45, "{tried}");
    assert_eq!(
        signed_in.clone().get("/get-session").json()["user"]["email"],
        "ada@example.test"
    );
}

#[test]
fn a_foreign_page_cannot_sign_a_visitor_in() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    let body = json!({ "email": "ada@example.test", "password": "correct horse battery" });
    let mut navigated = app.browser();
    navigated.origin = None;
    navigated.headers = vec![
        ("sec-fetch-site".to_owned(), "cross-site".to_owned()),
        ("sec-fetch-mode".to_owned(), "navigate".to_owned()),
    ];
    let answer = navigated.post("/sign-in/email", &body);
    assert_eq!(answer.code(), "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED");
    let mut foreign = app.browser();
    foreign.origin = Some("https://evil.example".to_owned());
    assert_eq!(foreign.post("/sign-in/email", &body).code(), "INVALID_ORIGIN");
    assert!(foreign.cookies.is_empty());
}

#[test]
fn a_form_of_a_foreign_page_cannot_change_anything() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    browser.origin = Some("https://evil.example".to_owned());
    let form = Some("application/x-www-form-urlencoded");
    for (path, _) in operations(&app)
        .into_iter()
        .filter(|(_, method)| method == "POST")
    {
        let answer = browser.send(
            "POST",
            &path,
            form,
            b"name=Eve&email=eve%40example.test&password=x",
        );
        assert!(
            matches!(answer.status, 403 | 415),
            "{path}: {} {}",
            answer.status,
            answer.text
        );
    }
}

#[test]
fn trusted_origins_are_served() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup
            .http
            .trusted_origins
            .push("https://*.example.com".to_owned());
    });
    let mut browser = app.signed_up("ada@example.test");
    for (origin, status) in [
        ("https://app.example.com", 200),
        ("https://a.b.example.com", 200),
        ("https://example.com", 403),
        ("https://app.example.com.evil.example", 403),
        ("https://app.example.com:8443", 403),
        ("http://app.example.com", 403),
    ] {
        browser.origin = Some(origin.to_owned());
        let answer = browser.post("/update-user", &json!({ "name": "Ada" }));
        assert_eq!(answer.status, status, "{origin}: {}", answer.text);
    }
}

#[test]
fn cs_6_no_redirect_leaves_the_trusted_origins() {
    let app = TestApp::start();
    for target in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%2fevil.example",
        "/%5cevil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/a\nb",
        " //evil.example",
        "http://127.0.0.1@evil.example/",
    ] {
        let body = json!({ "email": "ada@example.test", "redirectTo": target, "callbackURL": target });
        for path in [
            "/request-password-reset",
            "/send-verification-email",
            "/sign-in/email",
        ] {
            let answer = app.browser().post(path, &body);
            assert!(
                matches!(answer.status, 400 | 403),
                "{path} to {target:?}: {} {}",
                answer.status,
                answer.text
            );
        }
        let encoded = target
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<Vec<_>>()
            .concat();
        for path in [
            "/verify-email?token=x&",
            "/reset-password/x?",
            "/delete-user/callback?token=x&",
        ] {
            let answer = app.browser().get(&format!("{path}callbackURL={encoded}"));
            assert!(
                !answer.header("location").contains("evil"),
                "{path} to {target:?}: {}",
                answer.header("location")
            );
        }
    }
}
