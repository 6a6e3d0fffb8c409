//! Signing in by a username.

use doorward_application::settings::Preset;
use doorward_testing::{Backend, PASSWORD, TestApp};
use serde_json::json;

use crate::administration::refused;
use crate::races::together;

fn body(number: usize, username: &str) -> serde_json::Value {
    json!({ "name": "Ada", "email": format!("ada-{number}@example.test"), "password": PASSWORD, "username": username })
}

fn of_those_who_want_one_name_at_once_one_gets_it(backend: Backend) {
    let app = TestApp::on(backend);
    let answers = together(8, |number| {
        app.browser().post("/sign-up/email", &body(number, "Countess"))
    });
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        refused(answer, 400, "USERNAME_IS_ALREADY_TAKEN");
    }
    let emails = (0..8).map(|number| format!("ada-{number}@example.test"));
    let there = emails.filter(|email| {
        let answer = app
            .browser()
            .post("/sign-in/email", &json!({ "email": email, "password": PASSWORD }));
        answer.status == 200
    });
    assert_eq!(there.count(), 1, "who was refused is not there");
}

fn a_name_can_be_changed_to_a_free_one(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.browser().post("/sign-up/email", &body(0, "countess")));
    let mut ada = app.signed_up("ada@example.test");
    refused(
        &ada.post("/update-user", &json!({ "username": "COUNTESS" })),
        400,
        "USERNAME_IS_ALREADY_TAKEN",
    );
    refused(
        &ada.post("/update-user", &json!({ "username": "a b c" })),
        400,
        "INVALID_USERNAME",
    );
    refused(
        &ada.post("/update-user", &json!({ "username": 7 })),
        400,
        "VALIDATION_ERROR",
    );
    refused(
        &ada.post(
            "/update-user",
            &json!({ "username": "ada", "displayUsername": ["A"] }),
        ),
        400,
        "VALIDATION_ERROR",
    );
    let change = json!({ "username": "Ada.L", "displayUsername": "Ada L." });
    assert_eq!(ada.post("/update-user", &change).status, 200);
    let user = ada.get("/get-session").json()["user"].clone();
    assert_eq!(
        (&user["username"], &user["displayUsername"]),
        (&json!("ada.l"), &json!("Ada L."))
    );
    let sign_in = json!({ "username": "ADA.l", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/username", &sign_in).status, 200);
}

fn en_1_an_unknown_name_is_answered_like_a_wrong_password(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.browser().post("/sign-up/email", &body(0, "countess")));
    let wrong = app.browser().post(
        "/sign-in/username",
        &json!({ "username": "countess", "password": "wrong password" }),
    );
    let unknown = app.browser().post(
        "/sign-in/username",
        &json!({ "username": "nobody", "password": "wrong password" }),
    );
    refused(&wrong, 401, "INVALID_USERNAME_OR_PASSWORD");
    assert_eq!((unknown.status, unknown.text), (wrong.status, wrong.text));
    let malformed = app.browser().post(
        "/sign-in/username",
        &json!({ "username": "a b c", "password": "x" }),
    );
    refused(&malformed, 422, "INVALID_USERNAME");
    refused(
        &app.browser()
            .post("/is-username-available", &json!({ "username": "ab" })),
        422,
        "USERNAME_TOO_SHORT",
    );
}

fn is_available(app: &TestApp, username: &str) -> bool {
    let answer = app
        .browser()
        .post("/is-username-available", &json!({ "username": username }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["available"] == json!(true)
}

#[test]
fn en_2_the_name_that_a_sign_up_asked_for_is_taken_whether_the_address_was_or_not() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.email_and_password.require_email_verification = true;
    });
    assert_eq!(app.browser().post("/sign-up/email", &body(0, "ada")).status, 200);
    // Address 0 is taken, address 1 is free.
    for (number, username) in [(0, "countess"), (1, "duchess")] {
        assert!(is_available(&app, username));
        let answer = app.browser().post("/sign-up/email", &body(number, username));
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["user"]["username"], json!(username));
        assert!(!is_available(&app, username), "{username}");
        for (other, name) in [(number, username.to_owned()), (2, username.to_uppercase())] {
            let again = app.browser().post("/sign-up/email", &body(other, &name));
            refused(&again, 400, "USERNAME_IS_ALREADY_TAKEN");
        }
    }
    app.clock.advance(chrono::TimeDelta::days(30));
    assert!(is_available(&app, "countess") && !is_available(&app, "duchess"));
}

#[test]
fn en_2_a_name_that_is_held_is_free_for_the_owner_of_the_address_alone() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.email_and_password.auto_sign_in = false;
    });
    for (number, username) in [(0, "ada"), (1, "eve"), (0, "countess")] {
        let answer = app.browser().post("/sign-up/email", &body(number, username));
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let signed_in = |number: usize| {
        let mut browser = app.browser();
        let email = format!("ada-{number}@example.test");
        let answer = browser.post("/sign-in/email", &json!({ "email": email, "password": PASSWORD }));
        assert_eq!(answer.status, 200, "{}", answer.text);
        browser
    };
    let wish = json!({ "username": "countess" });
    let mut stranger = signed_in(1);
    refused(
        &stranger.post("/update-user", &wish),
        400,
        "USERNAME_IS_ALREADY_TAKEN",
    );
    assert_eq!(signed_in(0).post("/update-user", &wish).status, 200);
    refused(
        &stranger.post("/update-user", &wish),
        400,
        "USERNAME_IS_ALREADY_TAKEN",
    );
}

#[test]
fn the_better_auth_preset_holds_no_name() {
    let app = TestApp::with(Preset::BetterAuth, |setup| {
        setup.settings.email_and_password.auto_sign_in = false;
    });
    for username in ["ada", "countess"] {
        assert_eq!(
            app.browser().post("/sign-up/email", &body(0, username)).status,
            200
        );
    }
    assert!(is_available(&app, "countess"));
}
doorward_testing::on_every_backend!(
    of_those_who_want_one_name_at_once_one_gets_it,
    a_name_can_be_changed_to_a_free_one,
    en_1_an_unknown_name_is_answered_like_a_wrong_password,
);
