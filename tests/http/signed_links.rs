//! Better Auth's verification links carry their claims themselves, signed: no row can be removed to void them.

use chrono::TimeDelta;
use doorward_application::settings::Preset;
use doorward_domain::Clock;
use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::session::TokenStorage;
use doorward_domain::user::Email;
use doorward_domain::verification::{EmailClaims, OneTimeToken, Purpose, VerificationKey};
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use serde_json::json;

use crate::administration::{EVE, refused};

const OTHER_PASSWORD: &str = "nine green bottles";

/// A link that verifies Eve's address, made now.
fn signed(app: &TestApp, lifetime: TimeDelta) -> String {
    let now = app.clock.now();
    app.context.ports.email_tokens.sign(&EmailClaims {
        email: Email::from_stored(EVE),
        user_id: Some(app.id_of(EVE)),
        change: None,
        issued_at: now,
        expires_at: now + lifetime,
    })
}

fn follow(app: &TestApp, token: &str) -> doorward_testing::Response {
    app.browser().get(&format!("/verify-email?token={token}"))
}

/// The row that says of a link that it was used.
fn is_marked(app: &TestApp, token: &str) -> bool {
    let key = VerificationKey::new(Purpose::Consumed, OneTimeToken::parse(token).unwrap());
    assert!(key.identifier(TokenStorage::Digest).starts_with("spent:"));
    let found = app.wait(app.store.verifications().find(&key));
    found.unwrap().is_some()
}

/// What is done to Eve or by her, and then undone as far as it can be.
#[derive(Clone, Copy, Debug)]
enum Act {
    ChangePassword,
    Reset,
    SetPassword,
    Ban,
    Remove,
    MoveByAdministrator,
    MoveAtOnce,
    MoveByLink,
}

impl Act {
    const ALL: [Self; 8] = [
        Self::ChangePassword,
        Self::Reset,
        Self::SetPassword,
        Self::Ban,
        Self::Remove,
        Self::MoveByAdministrator,
        Self::MoveAtOnce,
        Self::MoveByLink,
    ];

    fn run(self, app: &TestApp, admin: &mut Browser, password: &mut &'static str) {
        let id = app.id_of(EVE).to_string();
        let user = json!({ "userId": id });
        let mut post = |path: &str, body: serde_json::Value| {
            let answer = admin.post(path, &body);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        };
        let away = "eve@elsewhere.test";
        let next = if *password == PASSWORD {
            OTHER_PASSWORD
        } else {
            PASSWORD
        };
        match self {
            Self::ChangePassword => {
                let body = json!({ "currentPassword": *password, "newPassword": next });
                let answer = eve(app, password).post("/change-password", &body);
                assert_eq!(answer.status, 200, "{}", answer.text);
                *password = next;
            }
            Self::Reset => {
                let body = json!({ "email": EVE, "redirectTo": "/new" });
                assert_eq!(app.browser().post("/request-password-reset", &body).status, 200);
                let link = app.browser().open(&mailed(app, &EmailKind::ResetPassword));
                let token = link.header("location").split("token=").nth(1).unwrap().to_owned();
                let body = json!({ "token": token, "newPassword": next });
                assert_eq!(app.browser().post("/reset-password", &body).status, 200);
                *password = next;
            }
            Self::SetPassword => {
                post(
                    "/admin/set-user-password",
                    json!({ "userId": id, "newPassword": next }),
                );
                *password = next;
            }
            Self::Ban => {
                post("/admin/ban-user", user.clone());
                post("/admin/unban-user", user);
            }
            Self::Remove => {
                post("/admin/remove-user", user.clone());
                post("/admin/restore-user", user);
            }
            Self::MoveByAdministrator => {
                for email in [away, EVE] {
                    post(
                        "/admin/update-user",
                        json!({ "userId": id, "data": { "email": email } }),
                    );
                }
            }
            Self::MoveAtOnce => {
                let mut eve = eve(app, password);
                for email in [away, EVE] {
                    let answer = eve.post("/change-email", &json!({ "newEmail": email }));
                    assert_eq!(answer.status, 200, "{}", answer.text);
                }
            }
            Self::MoveByLink => {
                // A verified address changes by a link only.
                let verified = json!({ "userId": id, "data": { "emailVerified": true } });
                post("/admin/update-user", verified);
                let mut eve = eve(app, password);
                for email in [away, EVE] {
                    let answer = eve.post("/change-email", &json!({ "newEmail": email }));
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    let answer = app.browser().open(&mailed(app, &EmailKind::VerifyNewEmail));
                    assert!(!answer.header("location").contains("error="), "{answer:?}");
                }
            }
        }
        assert_eq!(app.id_of(EVE).as_str(), id, "the address is the same again");
    }
}

fn mailed(app: &TestApp, kind: &EmailKind) -> EmailMessage {
    let emails = app.sent_emails();
    emails.into_iter().find(|email| email.kind == *kind).unwrap()
}

fn eve(app: &TestApp, password: &str) -> Browser {
    let mut browser = app.browser();
    let body = json!({ "email": EVE, "password": password });
    let answer = browser.post("/sign-in/email", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    browser
}

fn unverify(app: &TestApp, admin: &mut Browser) {
    let body = json!({ "userId": app.id_of(EVE).as_str(), "data": { "emailVerified": false } });
    assert_eq!(admin.post("/admin/update-user", &body).status, 200);
}

fn start(backend: Backend) -> (TestApp, Browser) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.email_verification.auto_sign_in_after_verification = true;
        setup.settings.change_email.update_email_without_verification = true;
    });
    let (admin, _eve) = (app.administrator(), app.signed_up(EVE));
    (app, admin)
}

fn tk_3_a_used_signed_link_stays_used_whatever_is_cancelled(backend: Backend) {
    let (app, mut admin) = start(backend);
    let mut password = PASSWORD;
    for act in Act::ALL {
        let token = signed(&app, TimeDelta::hours(1));
        let first = follow(&app, &token);
        assert_eq!(
            (first.status, first.set_cookies().is_empty()),
            (200, false),
            "{act:?}"
        );
        unverify(&app, &mut admin);
        act.run(&app, &mut admin, &mut password);
        assert!(is_marked(&app, &token), "{act:?}");
        unverify(&app, &mut admin);
        let again = follow(&app, &token);
        refused(&again, 401, "INVALID_TOKEN");
        assert!(again.set_cookies().is_empty(), "{act:?}");
        app.clock.advance(TimeDelta::seconds(1));
    }
}

fn tk_5_a_signed_link_made_before_a_change_is_void(backend: Backend) {
    let (app, mut admin) = start(backend);
    let mut password = PASSWORD;
    let mut followed = Vec::new();
    for act in Act::ALL {
        let token = signed(&app, TimeDelta::hours(1));
        act.run(&app, &mut admin, &mut password);
        unverify(&app, &mut admin);
        let answer = follow(&app, &token);
        if answer.status == 200 || !answer.set_cookies().is_empty() {
            followed.push(act);
        } else {
            refused(&answer, 401, "INVALID_TOKEN");
        }
        unverify(&app, &mut admin);
        app.clock.advance(TimeDelta::seconds(1));
        let later = follow(&app, &signed(&app, TimeDelta::hours(1)));
        assert_eq!(later.status, 200, "{act:?}: {}", later.text);
        unverify(&app, &mut admin);
        app.clock.advance(TimeDelta::seconds(1));
    }
    assert!(followed.is_empty(), "{followed:?}");
}

doorward_testing::on_every_backend!(
    tk_3_a_used_signed_link_stays_used_whatever_is_cancelled,
    tk_5_a_signed_link_made_before_a_change_is_void,
);
