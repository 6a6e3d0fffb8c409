//! Ways to sign in, and the own profile.

use doorward_application::settings::Preset;
use doorward_testing::{TestApp, samples};
use serde_json::json;

#[test]
fn accounts_are_listed_without_secrets_and_the_last_stays() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    let user = app
        .wait(app.store.users().find_by_email(&samples::email("ada")))
        .unwrap()
        .unwrap();
    let list = browser.get("/list-accounts");
    assert!(
        !list.text.contains("argon2") && !list.text.to_lowercase().contains("password"),
        "{}",
        list.text
    );
    assert_eq!(list.json()[0]["providerId"], "credential");
    let only = json!({ "accountId": list.json()[0]["id"] });
    assert_eq!(
        browser.post("/unlink-account", &only).code(),
        "FAILED_TO_UNLINK_LAST_ACCOUNT"
    );
    app.wait(app.store.accounts().insert(&samples::linked(&user, "github")))
        .unwrap();
    assert_eq!(browser.post("/unlink-account", &only).status, 200);
    let unknown = json!({ "accountId": "of somebody else" });
    assert_eq!(browser.post("/unlink-account", &unknown).status, 400);
}

#[test]
fn a_profile_changes_by_what_is_named() {
    let app = TestApp::start();
    let mut browser = app.signed_up("ada@example.test");
    assert_eq!(
        browser
            .post("/update-user", &json!({ "image": "https://example.test/a.png" }))
            .status,
        200
    );
    assert_eq!(
        browser.post("/update-user", &json!({ "name": "Ada L." })).status,
        200
    );
    let user = browser.get("/get-session").json()["user"].clone();
    assert_eq!(
        (&user["name"], &user["image"]),
        (&json!("Ada L."), &json!("https://example.test/a.png"))
    );
    assert_eq!(
        browser.post("/update-user", &json!({ "image": null })).status,
        200
    );
    assert_eq!(browser.get("/get-session").json()["user"]["image"], json!(null));
    for body in [
        json!({}),
        json!({ "email": "eve@example.test" }),
        json!({ "image": "javascript:alert(1)" }),
    ] {
        assert_eq!(browser.post("/update-user", &body).status, 400, "{body}");
    }
}

#[test]
fn where_both_servers_share_a_database_a_picture_is_any_text() {
    let app = TestApp::with(Preset::BetterAuth, |_| {});
    let mut browser = app.signed_up("ada@example.test");
    for image in ["/avatars/ada.png", "data:image/png;base64,AAAA", ""] {
        let answer = browser.post("/update-user", &json!({ "image": image }));
        assert_eq!(answer.status, 200, "{image}: {}", answer.text);
        assert_eq!(browser.get("/get-session").json()["user"]["image"], image);
    }
    let long = json!({ "image": "x".repeat(2049) });
    assert_eq!(browser.post("/update-user", &long).status, 200);
    let controls = json!({ "image": "x\u{0}" });
    assert_eq!(
        browser.post("/update-user", &controls).code(),
        "VALIDATION_ERROR",
        "IN-5"
    );
}

#[test]
fn without_a_session_nothing_of_a_user_is_shown_or_changed() {
    let app = TestApp::start();
    for path in ["/list-sessions", "/list-accounts"] {
        assert_eq!(app.browser().get(path).status, 401, "{path}");
    }
    for path in [
        "/update-user",
        "/change-password",
        "/change-email",
        "/delete-user",
        "/unlink-account",
        "/revoke-sessions",
    ] {
        let body = json!({ "name": "x", "currentPassword": "x", "newPassword": "x", "newEmail": "x@example.test",
            "providerId": "x", "accountId": "x" });
        let answer = app.browser().post(path, &body);
        assert_eq!(answer.status, 401, "{path}: {}", answer.text);
    }
    assert_eq!(app.browser().get("/get-session").text, "null");
}
