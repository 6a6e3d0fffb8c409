//! Signing up and in, and looking after the password.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use doorward_application::settings::Preset;
use doorward_domain::email::EmailKind;
use doorward_domain::password::PasswordHash;
use doorward_testing::{Backend, PASSWORD, TestApp, samples};
use serde_json::json;

fn en_1_nobody_learns_from_a_sign_in_who_exists(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    let try_it = |email: &str, password: &str| {
        let answer = app
            .browser()
            .post("/sign-in/email", &json!({ "email": email, "password": password }));
        let names: BTreeSet<_> = answer.headers.keys().map(ToString::to_string).collect();
        (answer.status, answer.text, names)
    };
    let wrong = try_it("ada@example.test", "not the password");
    assert_eq!(wrong.0, 401);
    assert_eq!(wrong, try_it("nobody@example.test", "not the password"));
    assert_eq!(wrong, try_it("ada@example.test", &"x".repeat(5000)), "PW-5");
    assert_eq!(wrong, try_it("ada@example.test", ""));
}

fn en_2_nobody_learns_from_asking_for_letters_who_exists(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    for path in ["/request-password-reset", "/send-verification-email"] {
        let ask = |email: &str| {
            let answer = app
                .browser()
                .post(path, &json!({ "email": email, "redirectTo": "/new" }));
            (answer.status, answer.text)
        };
        assert_eq!(ask("ada@example.test"), ask("nobody@example.test"), "{path}");
    }
    let to: Vec<_> = app
        .sent_emails()
        .iter()
        .map(|message| message.to.to_string())
        .collect();
    assert_eq!(
        to,
        ["ada@example.test", "ada@example.test"],
        "emails go to people only"
    );
}

fn en_5_the_owner_of_an_address_is_told_of_a_sign_up_with_it_once(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.email_and_password.require_email_verification = true;
    });
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    let first = app.browser().post("/sign-up/email", &body);
    let emails = app.sent_emails();
    assert_eq!(emails.len(), 1);
    for _ in 0..3 {
        let again = app.browser().post("/sign-up/email", &body);
        assert_eq!(again.status, first.status);
        let shape = |text: &str| -> Vec<String> {
            let body: serde_json::Value = serde_json::from_str(text).unwrap();
            body["user"].as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(shape(&again.text), shape(&first.text), "EN-4: the same answer");
        assert!(again.set_cookies().is_empty());
    }
    let kinds: Vec<_> = app
        .sent_emails()
        .into_iter()
        .map(|message| message.kind)
        .collect();
    assert_eq!(kinds, [EmailKind::SignUpAttempt]);
}

fn pw_7_passwords_that_anybody_would_guess_are_refused(backend: Backend) {
    let app = TestApp::on(backend);
    for (password, code) in [
        ("short", "PASSWORD_TOO_SHORT"),
        ("password1", "PASSWORD_TOO_COMMON"),
        ("PassWord1", "PASSWORD_TOO_COMMON"),
        ("ada@example.test", "PASSWORD_TOO_COMMON"),
    ] {
        let body = json!({ "name": "Ada", "email": "ada@example.test", "password": password });
        let answer = app.browser().post("/sign-up/email", &body);
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{password}");
    }
}

fn pw_3_imported_hashes_verify_and_are_renewed_at_sign_in(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    let id = app.id_of("ada@example.test");
    let stored = || {
        let found = app.wait(app.store.accounts().find_credential(&id));
        found.unwrap().unwrap().password.unwrap().expose().to_owned()
    };
    let import = |hash: &str| {
        let hash = PasswordHash::from_stored(hash);
        let set = app.wait(app.store.accounts().set_password(&id, &hash, samples::now()));
        assert!(set.unwrap().is_applied());
    };
    let sign_in = |password: &str| {
        let body = json!({ "email": "ada@example.test", "password": password });
        app.browser().post("/sign-in/email", &body).status
    };
    let today = "$argon2id$v=19$m=19456,t=2,p=1$";
    assert!(stored().starts_with(today), "PW-1, PW-2: {}", stored());

    // "correct horse battery", hashed by the crypt(3) of a C library.
    let bcrypt = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
    import(bcrypt);
    assert_eq!(sign_in("wrong password"), 401);
    assert_eq!(stored(), bcrypt, "a refused sign-in renews nothing");
    assert_eq!(sign_in(PASSWORD), 200);
    assert!(stored().starts_with(today), "renewed: {}", stored());
    assert_eq!(sign_in(PASSWORD), 200, "and it is the same password");

    // A hash that is none is a wrong password, not an error.
    import("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$");
    assert_eq!(sign_in(PASSWORD), 401);
}

/// Whoever goes back to Better Auth finds every hash that its hash function made.
fn under_better_auth_a_sign_in_replaces_no_hash(backend: Backend) {
    // "correct horse battery", hashed by the crypt(3) of a C library.
    let bcrypt = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
    let app = TestApp::on_with(backend, Preset::BetterAuth, |_| {});
    drop(app.signed_up("ada@example.test"));
    let id = app.id_of("ada@example.test");
    let hash = PasswordHash::from_stored(bcrypt);
    let set = app.wait(app.store.accounts().set_password(&id, &hash, samples::now()));
    assert!(set.unwrap().is_applied());
    for (password, status) in [("wrong password", 401), (PASSWORD, 200), (PASSWORD, 200)] {
        let body = json!({ "email": "ada@example.test", "password": password });
        assert_eq!(app.browser().post("/sign-in/email", &body).status, status);
        let found = app.wait(app.store.accounts().find_credential(&id));
        assert_eq!(found.unwrap().unwrap().password.unwrap().expose(), bcrypt);
    }
}

fn se_4_a_change_of_password_gives_a_new_token_and_can_end_all_others(backend: Backend) {
    let app = TestApp::on(backend);
    let mut here = app.signed_up("ada@example.test");
    let mut elsewhere = app.browser();
    elsewhere.post(
        "/sign-in/email",
        &json!({ "email": "ada@example.test", "password": PASSWORD }),
    );
    let before = here.clone();
    let wrong = json!({ "currentPassword": "not the password", "newPassword": "another staple of horses" });
    assert_eq!(here.post("/change-password", &wrong).code(), "INVALID_PASSWORD");
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "another staple of horses", "revokeOtherSessions": true });
    let answer = here.post("/change-password", &change);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_ne!(here.cookies, before.cookies);
    assert_eq!(
        here.get("/get-session").json()["user"]["email"],
        "ada@example.test"
    );
    assert_eq!(before.clone().get("/get-session").text, "null");
    assert_eq!(elsewhere.get("/get-session").text, "null");
    let old = json!({ "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/email", &old).status, 401);
}

fn se_7_a_reset_ends_all_sessions_and_its_link_works_once(backend: Backend) {
    let app = TestApp::on(backend);
    let mut signed_in = app.signed_up("ada@example.test");
    app.browser().post(
        "/request-password-reset",
        &json!({ "email": "ada@example.test", "redirectTo": "/new" }),
    );
    app.browser().post(
        "/request-password-reset",
        &json!({ "email": "ada@example.test", "redirectTo": "/new" }),
    );
    let emails = app.sent_emails();
    assert_eq!(emails.len(), 2);
    let tokens: Vec<_> = emails
        .iter()
        .map(|message| {
            let visited = app.browser().open(message);
            visited
                .header("location")
                .split_once("token=")
                .map(|(_, token)| token.to_owned())
        })
        .collect();
    assert_eq!(tokens[0], None, "TK-5: the newer link cancelled the older");
    let reset = json!({ "token": tokens[1].clone().unwrap(), "newPassword": "another staple of horses" });
    let refused = json!({ "token": tokens[1].clone().unwrap(), "newPassword": "short" });
    assert_eq!(
        app.browser().post("/reset-password", &refused).code(),
        "PASSWORD_TOO_SHORT",
        "and the link stays good"
    );
    assert_eq!(app.browser().post("/reset-password", &reset).status, 200);
    assert_eq!(
        app.browser().post("/reset-password", &reset).code(),
        "INVALID_TOKEN",
        "TK-3"
    );
    assert_eq!(signed_in.get("/get-session").text, "null");
    let old = json!({ "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/email", &old).status, 401);
    let new = json!({ "email": "ada@example.test", "password": "another staple of horses" });
    assert_eq!(app.browser().post("/sign-in/email", &new).status, 200);
}

fn tk_4_a_reset_link_ends_to_the_millisecond(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    app.browser().post(
        "/request-password-reset",
        &json!({ "email": "ada@example.test", "redirectTo": "/new" }),
    );
    let message = app.sent_emails().remove(0);
    app.clock
        .advance(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
    assert!(app.browser().open(&message).header("location").contains("token="));
    app.clock.advance(TimeDelta::milliseconds(1));
    assert!(
        app.browser()
            .open(&message)
            .header("location")
            .contains("error=INVALID_TOKEN")
    );
}

doorward_testing::on_every_backend!(
    en_1_nobody_learns_from_a_sign_in_who_exists,
    en_2_nobody_learns_from_asking_for_letters_who_exists,
    en_5_the_owner_of_an_address_is_told_of_a_sign_up_with_it_once,
    pw_7_passwords_that_anybody_would_guess_are_refused,
    pw_3_imported_hashes_verify_and_are_renewed_at_sign_in,
    under_better_auth_a_sign_in_replaces_no_hash,
    se_4_a_change_of_password_gives_a_new_token_and_can_end_all_others,
    se_7_a_reset_ends_all_sessions_and_its_link_works_once,
    tk_4_a_reset_link_ends_to_the_millisecond,
);

/// Writing a link takes longer than finding that there is nobody to write to, or that an address is taken.
#[test]
fn en_3_who_asks_about_an_address_waits_as_long_whether_it_is_taken_or_not() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.security.reset_request_floor = TimeDelta::milliseconds(300);
    });
    drop(app.signed_up("taken@example.test"));
    let mut ada = app.signed_up("ada@example.test");
    for email in ["taken@example.test", "free@example.test"] {
        let ask_for_it = json!({ "newEmail": email });
        let reset_it = json!({ "email": email, "redirectTo": "/new" });
        for (path, body) in [
            ("/change-email", ask_for_it),
            ("/request-password-reset", reset_it),
        ] {
            let sent = Instant::now();
            assert_eq!(ada.post(path, &body).status, 200);
            assert!(sent.elapsed() >= Duration::from_millis(300), "{path} {email}");
        }
    }
}
