//! The cookie by which a browser is recognised.

use doorward_application::settings::Preset;
use doorward_domain::redirect::Origin;
use doorward_testing::{Browser, PASSWORD, Response, TestApp};
use serde_json::json;

const COOKIE: &str = "better-auth.device";

fn sign_in(browser: &mut Browser, email: &str, password: &str, remember: bool) -> Response {
    let body = json!({ "email": email, "password": password, "rememberMe": remember });
    browser.post("/sign-in/email", &body)
}

fn device_cookie(answer: &Response) -> Option<String> {
    let set = answer.set_cookies();
    set.into_iter()
        .find(|cookie| cookie.contains("better-auth.device="))
}

fn count(app: &TestApp, email: &str) -> usize {
    let id = app.id_of(email);
    app.wait(app.store.devices().list(&id)).unwrap().len()
}

#[test]
fn rl_5_signing_in_names_the_browser_and_signing_out_leaves_the_name() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    let given = browser.cookies[COOKIE].clone();
    let answer = sign_in(&mut browser, "ada@example.test", PASSWORD, true);
    let cookie = device_cookie(&answer).unwrap();
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=15552000"),
        "{cookie}"
    );
    let name = browser.cookies[COOKIE].clone();
    assert_eq!(name, given, "signing up gave it");
    assert_eq!(browser.post("/sign-out", &json!({})).status, 200);
    assert_eq!(browser.cookies.get(COOKIE), Some(&name));
    assert_eq!(browser.get("/get-session").text, "null", "it signs nobody in");

    drop(app.signed_up("grace@example.test"));
    sign_in(&mut browser, "grace@example.test", PASSWORD, true);
    assert_ne!(browser.cookies[COOKIE], name, "another user does not know it");
}

#[test]
fn no_other_answer_names_a_browser() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    for answer in [
        sign_in(&mut app.browser(), "ada@example.test", "wrong password", true),
        sign_in(&mut app.browser(), "nobody@example.test", PASSWORD, true),
        sign_in(&mut app.browser(), "ada@example.test", PASSWORD, false),
        browser.get("/get-session"),
        browser.post(
            "/change-password",
            &json!({ "currentPassword": PASSWORD, "newPassword": "another long passphrase" }),
        ),
    ] {
        assert_eq!(device_cookie(&answer), None, "{}", answer.text);
    }
    assert_eq!(count(&app, "ada@example.test"), 1, "that of the sign-up");
}

#[test]
fn rl_5_a_change_of_password_that_ends_the_other_sessions_names_the_browser_anew() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    let before = browser.cookies[COOKIE].clone();
    let body = json!({ "currentPassword": PASSWORD, "newPassword": "another long passphrase",
        "revokeOtherSessions": true });
    let answer = browser.post("/change-password", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(device_cookie(&answer).is_some());
    assert_ne!(browser.cookies[COOKIE], before);
    assert_eq!(count(&app, "ada@example.test"), 1);
}

/// The value of the session's cookie is signed, too, and has the form of a name.
#[test]
fn se_2_no_other_signed_cookie_is_a_name() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    let session = browser.cookies["better-auth.session_token"].clone();
    let mut other = app.browser();
    other.cookies.insert(COOKIE.to_owned(), session.clone());
    assert_eq!(
        sign_in(&mut other, "ada@example.test", PASSWORD, true).status,
        200
    );
    assert_ne!(other.cookies[COOKIE], session);
    browser.cookies.insert(
        "better-auth.session_token".to_owned(),
        browser.cookies[COOKIE].clone(),
    );
    assert_eq!(browser.get("/get-session").text, "null", "nor the other way");
}

#[test]
fn se_2_a_name_that_is_not_signed_is_none() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    let mut browser = app.browser();
    let forged = "a".repeat(32);
    browser.cookies.insert(COOKIE.to_owned(), forged.clone());
    sign_in(&mut browser, "ada@example.test", PASSWORD, true);
    assert!(!browser.cookies[COOKIE].starts_with(&forged));
}

#[test]
fn se_1_the_name_has_the_attributes_of_the_session_cookie() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.base_url = Origin::from_base_url("https://auth.example.test").unwrap();
        "acme".clone_into(&mut setup.http.cookie_prefix);
    });
    let mut browser = app.browser();
    browser.origin = Some("https://auth.example.test".to_owned());
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(browser.post("/sign-up/email", &body).status, 200);
    let answer = sign_in(&mut browser, "ada@example.test", PASSWORD, true);
    let cookies = answer.set_cookies();
    let named = cookies
        .iter()
        .find(|cookie| cookie.starts_with("__Secure-acme.device="));
    assert!(
        named
            .unwrap()
            .contains("; HttpOnly; SameSite=Lax; Secure; Path=/"),
        "{cookies:?}"
    );
}

#[test]
fn the_better_auth_preset_names_no_browser() {
    let app = TestApp::with(Preset::BetterAuth, |_| {});
    let mut browser = app.signed_up("ada@example.test");
    let answer = sign_in(&mut browser, "ada@example.test", PASSWORD, true);
    assert_eq!((answer.status, device_cookie(&answer)), (200, None));
    assert_eq!(count(&app, "ada@example.test"), 0);
}
