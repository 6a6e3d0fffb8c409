//! New passwords that others know from a data breach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use doorward_application::settings::Preset;
use doorward_domain::password::{BreachCheckUnavailable, BreachedPasswords, Password};
use doorward_testing::{Browser, PASSWORD, Response, TestApp};
use serde_json::json;

const KNOWN: &str = "a password that others know";
const MESSAGE: &str = "The password you entered has been compromised. Please choose a different password.";

/// Knows one password, and may be out of reach.
#[derive(Default)]
struct Breaches {
    is_away: AtomicBool,
}

#[async_trait]
impl BreachedPasswords for Breaches {
    async fn contains(&self, password: &Password) -> Result<bool, BreachCheckUnavailable> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(BreachCheckUnavailable("out of reach".into()));
        }
        Ok(password.expose() == KNOWN)
    }
}

fn app(preset: Preset) -> (TestApp, Arc<Breaches>) {
    let breaches = Arc::new(Breaches::default());
    let asked = breaches.clone();
    let app = TestApp::with(preset, |setup| setup.breached_passwords = Some(asked));
    (app, breaches)
}

fn sign_up(app: &TestApp, email: &str, password: &str) -> Response {
    let body = json!({ "name": "Ada", "email": email, "password": password });
    app.browser().post("/sign-up/email", &body)
}

/// A token that resets the password of this address.
fn reset_token(app: &TestApp, email: &str) -> String {
    let body = json!({ "email": email, "redirectTo": "/new" });
    assert_eq!(app.browser().post("/request-password-reset", &body).status, 200);
    let emails = app.sent_emails();
    let link = emails.last().unwrap().link.expose();
    let path = link.split('?').next().unwrap();
    path.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn pw_8_no_password_is_set_that_became_known() {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let (app, _) = app(preset);
        let mut ada = app.signed_up("ada@example.test");
        let mut admin = app.administrator();
        let token = reset_token(&app, "ada@example.test");
        let id = app.id_of("ada@example.test").to_string();
        let change = |browser: &mut Browser, new: &str| {
            browser.post(
                "/change-password",
                &json!({ "currentPassword": PASSWORD, "newPassword": new }),
            )
        };
        let new_user = json!({ "name": "Eve", "email": "eve@example.test", "password": KNOWN });
        let refused = [
            sign_up(&app, "grace@example.test", KNOWN),
            change(&mut ada, KNOWN),
            app.browser().post(
                "/reset-password",
                &json!({ "token": token, "newPassword": KNOWN }),
            ),
            admin.post(
                "/admin/set-user-password",
                &json!({ "userId": id, "newPassword": KNOWN }),
            ),
            admin.post("/admin/create-user", &new_user),
        ];
        for answer in refused {
            assert_eq!(answer.status, 400, "{}", answer.text);
            assert_eq!(answer.code(), "PASSWORD_COMPROMISED");
            assert_eq!(answer.json()["message"], MESSAGE);
        }
        assert_eq!(app.context.breach_checks.compromised(), 5);
        // The token was not used up, and the old password is as it was.
        let new = "another password entirely";
        let reset = app
            .browser()
            .post("/reset-password", &json!({ "token": token, "newPassword": new }));
        assert_eq!(reset.status, 200, "{}", reset.text);
        assert_eq!(sign_up(&app, "grace@example.test", PASSWORD).status, 200);
        assert_eq!(app.context.breach_checks.compromised(), 5);
        assert_eq!(
            app.context.breach_checks.unknown(),
            4,
            "ada, the administrator, the reset and grace"
        );
    }
}

#[test]
fn pw_8_without_an_answer_passwords_are_accepted_and_that_is_counted() {
    let (app, breaches) = app(Preset::Hardened);
    breaches.is_away.store(true, Ordering::SeqCst);
    assert_eq!(sign_up(&app, "ada@example.test", KNOWN).status, 200);
    assert_eq!(app.context.breach_checks.unavailable(), 1);
    let common = sign_up(&app, "grace@example.test", "password123");
    assert_eq!(common.code(), "PASSWORD_TOO_COMMON", "nobody was asked");
    assert_eq!(app.context.breach_checks.unavailable(), 1);
    breaches.is_away.store(false, Ordering::SeqCst);
    assert_eq!(sign_up(&app, "grace@example.test", KNOWN).status, 400);
    assert_eq!(app.context.breach_checks.compromised(), 1);
}

#[test]
fn pw_8_nobody_is_asked_unless_that_is_wanted() {
    let app = TestApp::start();
    assert_eq!(sign_up(&app, "ada@example.test", KNOWN).status, 200);
    let counts = &app.context.breach_checks;
    assert_eq!(
        (counts.unknown(), counts.compromised(), counts.unavailable()),
        (0, 0, 0)
    );
}
