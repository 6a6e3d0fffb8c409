//! Steps of a team around what users do.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use doorward_application::hooks::{Hook, HookError, HookList, Rejection};
use doorward_application::settings::Preset;
use doorward_domain::Transaction;
use doorward_domain::user::User;
use doorward_testing::{Backend, PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::administration::refused;

/// Writes down what happens, and says no to Eve.
#[derive(Clone, Default)]
struct Chronicle(Arc<Mutex<Vec<String>>>);

impl Chronicle {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn read(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn list(&self) -> HookList {
        let mut list = HookList::default();
        list.push(Arc::new(self.clone()));
        list
    }
}

#[async_trait]
impl Hook for Chronicle {
    async fn before_commit(&self, tx: &dyn Transaction, user: &User) -> Result<(), HookError> {
        let there = tx.users().find(&user.id).await?.is_some();
        self.note(format!("before {} (there: {there})", user.email.local_part()));
        if user.email.local_part() == "eve" {
            let message = "Eve is not welcome".into();
            return Err(Rejection {
                code: "NOT_WELCOME",
                message,
            }
            .into());
        }
        Ok(())
    }

    async fn after_commit(&self, user: &User) {
        self.note(format!("after {}", user.email.local_part()));
    }
}

fn a_hook_that_says_no_undoes_the_sign_up(backend: Backend) {
    let chronicle = Chronicle::default();
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.hooks.sign_up = chronicle.list();
    });
    let body = json!({ "name": "Eve", "email": "eve@example.test", "password": PASSWORD });
    let answer = app.browser().post("/sign-up/email", &body);
    refused(&answer, 403, "NOT_WELCOME");
    assert_eq!(
        (answer.json()["message"].as_str(), answer.set_cookies().len()),
        (Some("Eve is not welcome"), 0)
    );
    assert_eq!(chronicle.read(), ["before eve (there: true)"]);
    let sign_in = json!({ "email": "eve@example.test", "password": PASSWORD });
    refused(
        &app.browser().post("/sign-in/email", &sign_in),
        401,
        "INVALID_EMAIL_OR_PASSWORD",
    );
    assert!(app.sent_emails().is_empty());

    drop(app.signed_up("ada@example.test"));
    assert_eq!(chronicle.read(), ["before ada (there: true)", "after ada"]);
}

fn a_hook_that_says_no_lets_nobody_in(backend: Backend) {
    let chronicle = Chronicle::default();
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        // Otherwise signing up signs in, and the hook is asked then already.
        setup.settings.email_and_password.auto_sign_in = false;
        setup.hooks.sign_in = chronicle.list();
    });
    for email in ["eve@example.test", "ada@example.test"] {
        drop(app.signed_up(email));
    }
    let mut browser = app.browser();
    let sign_in = |email: &str, password: &str| json!({ "email": email, "password": password });
    refused(
        &browser.post("/sign-in/email", &sign_in("eve@example.test", PASSWORD)),
        403,
        "NOT_WELCOME",
    );
    assert_eq!(browser.get("/get-session").json(), Value::Null);
    assert_eq!(chronicle.read(), ["before eve (there: true)"]);
    refused(
        &browser.post("/sign-in/email", &sign_in("ada@example.test", "wrong password")),
        401,
        "INVALID_EMAIL_OR_PASSWORD",
    );
    assert!(chronicle.read().is_empty(), "EN-4: nobody has come in");
    assert_eq!(
        browser
            .post("/sign-in/email", &sign_in("ada@example.test", PASSWORD))
            .status,
        200
    );
    assert_eq!(chronicle.read(), ["before ada (there: true)", "after ada"]);
}

fn a_hook_that_says_no_keeps_the_user(backend: Backend) {
    let chronicle = Chronicle::default();
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.hooks.deletion = chronicle.list();
    });
    let (mut admin, mut eve, mut ada) = (
        app.administrator(),
        app.signed_up("eve@example.test"),
        app.signed_up("ada@example.test"),
    );
    refused(
        &eve.post("/delete-user", &json!({ "password": PASSWORD })),
        403,
        "NOT_WELCOME",
    );
    let id = app.id_of("eve@example.test");
    refused(
        &admin.post("/admin/remove-user", &json!({ "userId": id.as_str() })),
        403,
        "NOT_WELCOME",
    );
    assert_ne!(eve.get("/get-session").json(), Value::Null);
    chronicle.read();
    assert_eq!(
        ada.post("/delete-user", &json!({ "password": PASSWORD })).status,
        200
    );
    assert_eq!(chronicle.read(), ["before ada (there: true)", "after ada"]);
}

doorward_testing::on_every_backend!(
    a_hook_that_says_no_undoes_the_sign_up,
    a_hook_that_says_no_lets_nobody_in,
    a_hook_that_says_no_keeps_the_user,
);
