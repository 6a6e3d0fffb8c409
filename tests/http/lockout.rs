//! Limits on wrong passwords for an account and on emails to a recipient (RL-4, RL-5, RL-7, RL-9).

use std::thread;

use chrono::TimeDelta;
use doorward_application::settings::Preset;
use doorward_testing::{Backend, PASSWORD, Response, TestApp};
use serde_json::json;

use crate::limits::{credentials, guess};

/// 429 of an account whose password was guessed too often.
fn refused(answer: &Response, seconds: &str) {
    assert_eq!(
        (answer.status, &*answer.code()),
        (429, "TOO_MANY_PASSWORD_ATTEMPTS"),
        "{}",
        answer.text
    );
    for name in ["retry-after", "x-retry-after"] {
        assert_eq!(answer.header(name), seconds, "{name}");
    }
}

fn rl_4_of_fifty_guesses_at_once_no_more_than_ten_are_answered(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    let browsers: Vec<_> = (0..50).map(|_| app.browser()).collect();
    let statuses: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = browsers
            .into_iter()
            .map(|mut browser| scope.spawn(move || guess(&mut browser, "ada@example.test").status))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let answered = statuses.iter().filter(|status| **status == 401).count();
    // A database under load may be busy, which counts for nobody.
    let others = statuses.iter().all(|status| [401, 429, 503].contains(status));
    assert!(answered <= 10 && others, "{statuses:?}");
    let rest = (0..20).filter(|_| guess(&mut app.browser(), "ada@example.test").status == 401);
    assert!(answered + rest.count() <= 10, "{statuses:?}");
}

fn rl_4_of_forty_right_passwords_at_once_all_are_let_in(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    let browsers: Vec<_> = (0..40).map(|_| app.browser()).collect();
    let statuses: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = browsers
            .into_iter()
            .map(|mut browser| {
                scope.spawn(move || {
                    let body = credentials("ada@example.test", PASSWORD);
                    browser.post("/sign-in/email", &body).status
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses, [200; 40]);
}

fn rl_9_failures_are_in_the_database_so_that_a_restart_forgets_none(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    for _ in 0..10 {
        assert_eq!(guess(&mut app.browser(), "ada@example.test").status, 401);
    }
    let store = app.store.clone();
    let again = TestApp::with(Preset::Hardened, |setup| setup.store = store);
    refused(&guess(&mut again.browser(), "ada@example.test"), "1");
}

doorward_testing::on_every_backend!(
    rl_4_of_fifty_guesses_at_once_no_more_than_ten_are_answered,
    rl_4_of_forty_right_passwords_at_once_all_are_let_in,
    rl_9_failures_are_in_the_database_so_that_a_restart_forgets_none,
);

#[test]
fn rl_4_who_exists_is_not_told_by_who_is_blocked() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    let answers = |email: &str| -> Vec<_> {
        let guess = |_| {
            let answer = guess(&mut app.browser(), email);
            (
                answer.status,
                answer.text.clone(),
                answer.header("retry-after").to_owned(),
            )
        };
        (0..12).map(guess).collect()
    };
    let known = answers("ada@example.test");
    assert_eq!(known, answers("nobody@example.test"));
    assert_eq!(known.iter().filter(|(status, ..)| *status == 401).count(), 10);
}

#[test]
fn rl_4_no_password_is_looked_at_while_an_account_waits() {
    let app = TestApp::start();
    let mut ada = app.signed_up("ada@example.test");
    for _ in 0..10 {
        assert_eq!(guess(&mut app.browser(), "ada@example.test").status, 401);
    }
    let right = credentials("ada@example.test", PASSWORD);
    let answer = app.browser().post("/sign-in/email", &right);
    refused(&answer, "1");
    assert!(answer.set_cookies().is_empty());
    // RL-5: who is signed in stays so, and what they do is another matter.
    assert_eq!(
        ada.get("/get-session").json()["user"]["email"],
        "ada@example.test"
    );
    assert_eq!(
        ada.post("/verify-password", &json!({ "password": PASSWORD }))
            .status,
        200
    );
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(app.browser().post("/sign-in/email", &right).status, 200);
}

#[test]
fn rl_4_passwords_of_a_signed_in_user_are_counted_wherever_they_are_asked_for() {
    let app = TestApp::start();
    let mut ada = app.signed_up("ada@example.test");
    let wrong = json!({ "password": "wrong password", "currentPassword": "wrong password", "newPassword": "nine green bottles" });
    for number in 0..10 {
        let path = ["/verify-password", "/change-password", "/delete-user"][number % 3];
        let answer = ada.post(path, &wrong);
        assert_eq!(
            (answer.status, &*answer.code()),
            (400, "INVALID_PASSWORD"),
            "{path}"
        );
    }
    for path in ["/verify-password", "/change-password", "/delete-user"] {
        refused(&ada.post(path, &wrong), "1");
    }
    assert_eq!(
        ada.get("/get-session").json()["user"]["email"],
        "ada@example.test"
    );
}

#[test]
fn under_better_auth_wrong_passwords_block_no_account() {
    let app = TestApp::with(Preset::BetterAuth, |_| {});
    drop(app.signed_up("ada@example.test"));
    for _ in 0..15 {
        assert_eq!(guess(&mut app.browser(), "ada@example.test").status, 401);
    }
}

#[test]
fn rl_5_a_mailed_reset_lifts_the_block() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    for _ in 0..10 {
        assert_eq!(guess(&mut app.browser(), "ada@example.test").status, 401);
    }
    refused(&guess(&mut app.browser(), "ada@example.test"), "1");
    let mut owner = app.browser();
    let asked = json!({ "email": "ada@example.test", "redirectTo": "/reset" });
    assert_eq!(owner.post("/request-password-reset", &asked).status, 200);
    let emails = app.sent_emails();
    let link = emails[0].link.expose();
    let (_, rest) = link.split_once("/reset-password/").unwrap();
    let token = rest.split('?').next().unwrap();
    let new = "nine green bottles";
    let answer = owner.post("/reset-password", &json!({ "token": token, "newPassword": new }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(
        owner.cookies.contains_key("better-auth.device"),
        "the browser is known"
    );
    assert_eq!(
        owner
            .post("/sign-in/email", &credentials("ada@example.test", new))
            .status,
        200
    );
}

#[test]
fn rl_7_the_sixth_email_of_an_hour_is_not_sent_and_the_answer_is_the_same() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    for (path, email) in [
        ("/request-password-reset", "ada@example.test"),
        ("/send-verification-email", "ada@example.test"),
    ] {
        let body = json!({ "email": email });
        let answers: Vec<_> = (0..7)
            .map(|_| {
                let answer = app.browser().post(path, &body);
                (answer.status, answer.text)
            })
            .collect();
        assert!(
            answers
                .iter()
                .all(|answer| *answer == answers[0] && answer.0 == 200)
        );
        assert_eq!(app.sent_emails().len(), 5, "{path}");
    }
}
