//! Who may send requests that change something (CS-1 to CS-4).

use doorward_application::settings::Preset;
use doorward_testing::TestApp;
use serde_json::json;

use crate::documentation::{concrete, operations};

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
fn cs_5_a_foreign_page_cannot_sign_a_visitor_in() {
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
fn cs_3_a_form_of_a_foreign_page_cannot_change_anything() {
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
fn cs_2_trusted_origins_are_served() {
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

#[test]
fn cs_4_no_header_and_no_parameter_replaces_the_method() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let mut browser = browser.clone();
        browser.headers = vec![(name.to_owned(), "POST".to_owned())];
        let answer = browser.get("/sign-out?_method=POST");
        assert_eq!((answer.status, answer.text.as_str()), (404, ""), "{name}");
    }
    for method in ["TRACE", "PURGE"] {
        let answer = browser.send(method, "/api/auth/get-session", None, b"");
        assert!((400..500).contains(&answer.status), "{method}: {}", answer.status);
    }
    let session = browser.get("/get-session").json();
    assert_eq!(session["user"]["email"], "ada@example.test", "still signed in");
}

#[test]
fn cs_8_links_and_redirects_are_made_of_the_base_url_whatever_the_headers_say() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    let _ = app.sent_emails();
    let mut browser = app.browser();
    browser.headers = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "444"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-host", "evil.example"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let body = json!({ "email": "ada@example.test" });
    for path in ["/request-password-reset", "/send-verification-email"] {
        let answer = browser.post(path, &body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert!(!answer.text.contains("evil"), "{path}: {}", answer.text);
    }
    let emails = app.sent_emails();
    assert_eq!(emails.len(), 2);
    for email in emails {
        let expected = format!("http://{}/api/auth/", app.address());
        assert!(email.link.expose().starts_with(&expected), "{:?}", email.kind);
    }
    for path in [
        "/reset-password/x?callbackURL=/",
        "/verify-email?token=x&callbackURL=/",
        "/error",
    ] {
        let answer = browser.get(path);
        assert_eq!(answer.status, 302, "{path}: {}", answer.text);
        assert!(
            !answer.header("location").contains("evil"),
            "{path}: {}",
            answer.header("location")
        );
    }
    let evil = json!({ "email": "ada@example.test", "redirectTo": "http://evil.example/" });
    assert_eq!(
        browser.post("/request-password-reset", &evil).status,
        403,
        "no origin is trusted by a header"
    );
}

#[test]
fn cs_9_no_answer_lets_a_script_of_another_origin_read_it() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup
            .http
            .trusted_origins
            .push("https://app.example.com".to_owned());
    });
    let signed_in = app.signed_up("ada@example.test");
    for (path, method) in operations(&app) {
        for origin in [
            "https://evil.example",
            "null",
            "https://app.example.com.evil.example",
        ] {
            let mut browser = signed_in.clone();
            browser.origin = None;
            browser.headers = vec![("origin".to_owned(), origin.to_owned())];
            for method in [&*method, "OPTIONS"] {
                let content_type = (method == "POST").then_some("application/json");
                let answer = browser.send(method, &concrete(&path), content_type, b"{}");
                let allowed = answer
                    .headers
                    .keys()
                    .find(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(allowed, None, "{method} {path} from {origin}");
            }
        }
    }
}
