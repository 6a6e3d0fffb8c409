//! Links in emails: verification, change of address, deletion.

use chrono::TimeDelta;
use doorward_application::settings::Preset;
use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_testing::{Backend, PASSWORD, TestApp, samples};
use serde_json::json;

fn verification_email(app: &TestApp, browser: &mut doorward_testing::Browser, email: &str) -> EmailMessage {
    let answer = browser.post(
        "/send-verification-email",
        &json!({ "email": email, "callbackURL": "/welcome" }),
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    app.sent_emails().remove(0)
}

fn is_verified(app: &TestApp, id: &str) -> bool {
    let user = app
        .wait(app.store.users().find_by_email(&samples::email(id)))
        .unwrap()
        .unwrap();
    user.email_verified
}

fn tk_1_a_verification_link_says_nothing_and_works_once(backend: Backend) {
    let app = TestApp::on(backend);
    let mut browser = app.signed_up("ada@example.test");
    let message = verification_email(&app, &mut browser, "ada@example.test");
    assert_eq!(message.kind, EmailKind::VerifyEmail);
    let link = message.link.expose();
    assert!(!link.contains("ada") && !link.contains("eyJ"), "{link}");
    let answer = app.browser().open(&message);
    assert_eq!((answer.status, answer.header("location")), (302, "/welcome"));
    assert!(is_verified(&app, "ada"));
    let again = app.browser().open(&message);
    assert_eq!(
        (again.status, again.header("location")),
        (302, "/welcome"),
        "a second visit is no error"
    );
    assert!(again.set_cookies().is_empty(), "and does nothing");
}

fn a_second_visit_signs_nobody_in(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.email_verification.auto_sign_in_after_verification = true;
    });
    let mut browser = app.signed_up("ada@example.test");
    let message = verification_email(&app, &mut browser, "ada@example.test");
    assert!(!app.browser().open(&message).set_cookies().is_empty());
    for _ in 0..2 {
        assert!(app.browser().open(&message).set_cookies().is_empty());
    }
}

fn the_guide_s_way_of_verifying_takes_the_same_token(backend: Backend) {
    let app = TestApp::on(backend);
    let mut browser = app.signed_up("ada@example.test");
    let message = verification_email(&app, &mut browser, "ada@example.test");
    let link = message.link.expose();
    let token = link.split("token=").nth(1).unwrap().split('&').next().unwrap();
    let answer = app.browser().post("/verify-email", &json!({ "token": token }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["status"], true);
    assert!(is_verified(&app, "ada"));
    assert_eq!(
        app.browser()
            .post("/verify-email", &json!({ "token": "unknown" }))
            .code(),
        "INVALID_TOKEN"
    );
}

fn a_link_that_has_expired_verifies_nobody(backend: Backend) {
    let app = TestApp::on(backend);
    let mut browser = app.signed_up("ada@example.test");
    let message = verification_email(&app, &mut browser, "ada@example.test");
    app.clock.advance(TimeDelta::hours(1));
    let answer = app.browser().open(&message);
    assert!(
        answer.header("location").starts_with("/welcome?error="),
        "{}",
        answer.header("location")
    );
    assert!(!is_verified(&app, "ada"));
}

fn tk_6_a_link_for_one_thing_does_no_other(backend: Backend) {
    let app = TestApp::on(backend);
    let mut browser = app.signed_up("ada@example.test");
    app.browser().post(
        "/request-password-reset",
        &json!({ "email": "ada@example.test", "redirectTo": "/new" }),
    );
    let reset = app.sent_emails().remove(0);
    let token = reset
        .link
        .expose()
        .split("/reset-password/")
        .nth(1)
        .unwrap()
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    let verify = app.browser().post("/verify-email", &json!({ "token": token }));
    assert_eq!(verify.code(), "INVALID_TOKEN");
    let delete = browser.get(&format!("/delete-user/callback?token={token}"));
    assert_eq!(delete.code(), "INVALID_TOKEN");
    let deletion = browser.post("/delete-user", &json!({ "token": token }));
    assert_eq!(deletion.code(), "INVALID_TOKEN");
    assert!(
        app.browser().open(&reset).header("location").contains("token="),
        "it is still good for its purpose"
    );
}

fn a_change_of_address_counts_when_the_new_one_is_shown_to_be_theirs(backend: Backend) {
    let app = TestApp::on(backend);
    let mut browser = app.signed_up("ada@example.test");
    drop(app.signed_up("grace@example.test"));
    let taken = browser.post("/change-email", &json!({ "newEmail": "grace@example.test" }));
    let free = browser.post("/change-email", &json!({ "newEmail": "new@example.test" }));
    assert_eq!((taken.status, &taken.text), (free.status, &free.text), "EN-1");
    let emails = app.sent_emails();
    assert_eq!(emails.len(), 1);
    assert_eq!(emails[0].to.as_str(), "new@example.test");
    assert_eq!(
        browser.get("/get-session").json()["user"]["email"],
        "ada@example.test"
    );
    assert_eq!(browser.open(&emails[0]).header("location"), "/");
    let user = browser.get("/get-session").json()["user"].clone();
    assert_eq!(
        (&user["email"], &user["emailVerified"]),
        (&json!("new@example.test"), &json!(false))
    );
    let old = json!({ "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/email", &old).status, 401);
}

fn deletion_by_link_needs_the_user_s_own_browser(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.delete_user.send_delete_account_verification = true;
    });
    let mut ada = app.signed_up("ada@example.test");
    let mut eve = app.signed_up("eve@example.test");
    assert_eq!(
        ada.post("/delete-user", &json!({ "callbackURL": "/bye" })).status,
        200
    );
    let message = app.sent_emails().remove(0);
    assert_ne!(app.browser().open(&message).status, 302);
    assert_ne!(eve.open(&message).status, 302);
    assert_ne!(ada.get("/get-session").text, "null");
    let answer = ada.open(&message);
    assert_eq!((answer.status, answer.header("location")), (302, "/bye"));
    let left: Vec<_> = ada.cookies.keys().collect();
    assert_eq!(left, ["better-auth.device"], "the browser stays known");
}

fn a_deleted_user_is_gone_for_everybody_and_the_address_is_free(backend: Backend) {
    let app = TestApp::on(backend);
    let mut ada = app.signed_up("ada@example.test");
    let mut elsewhere = ada.clone();
    app.browser().post(
        "/request-password-reset",
        &json!({ "email": "ada@example.test", "redirectTo": "/new" }),
    );
    let reset = app.sent_emails().remove(0);
    let user = app
        .wait(app.store.users().find_by_email(&samples::email("ada")))
        .unwrap()
        .unwrap();
    assert_eq!(
        ada.post("/delete-user", &json!({ "password": PASSWORD })).status,
        200
    );
    let kinds = app.sent_emails().into_iter().map(|message| message.kind);
    let kinds: Vec<_> = kinds.map(|kind| kind.to_stored().0).collect();
    assert_eq!(kinds, ["user_deleted"], "ML-3");
    assert_eq!(elsewhere.get("/get-session").text, "null");
    let body = json!({ "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/email", &body).status, 401);
    assert!(
        app.browser().open(&reset).header("location").contains("error="),
        "TK-5: open links are cancelled"
    );
    app.browser().post(
        "/request-password-reset",
        &json!({ "email": "ada@example.test", "redirectTo": "/new" }),
    );
    assert!(app.sent_emails().is_empty());
    drop(app.signed_up("ada@example.test"));
    let successor = app
        .wait(app.store.users().find_by_email(&samples::email("ada")))
        .unwrap()
        .unwrap();
    assert_ne!(successor.id, user.id);
}

fn ml_1_what_is_mailed_waits_in_the_outbox_after_the_answer(backend: Backend) {
    // Nobody delivers here before the test asks for it.
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    let _ = app.sent_emails();
    let body = json!({ "email": "ada@example.test" });
    for path in ["/request-password-reset", "/send-verification-email"] {
        let answer = app.browser().post(path, &body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    let waiting = app
        .wait(app.store.outbox().claim(app.context.now(), app.context.now(), 10))
        .unwrap();
    assert_eq!(waiting.len(), 2);
    assert_eq!(app.sent_emails().len(), 2);
}

doorward_testing::on_every_backend!(
    tk_1_a_verification_link_says_nothing_and_works_once,
    a_second_visit_signs_nobody_in,
    the_guide_s_way_of_verifying_takes_the_same_token,
    a_link_that_has_expired_verifies_nobody,
    tk_6_a_link_for_one_thing_does_no_other,
    a_change_of_address_counts_when_the_new_one_is_shown_to_be_theirs,
    deletion_by_link_needs_the_user_s_own_browser,
    a_deleted_user_is_gone_for_everybody_and_the_address_is_free,
    ml_1_what_is_mailed_waits_in_the_outbox_after_the_answer,
);
