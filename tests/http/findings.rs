//! What happens between two steps of one request: somebody else changes what the first step saw.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::hooks::{Hook, HookError};
use doorward_application::settings::Preset;
use doorward_domain::email::EmailMessage;
use doorward_domain::user::{Email, User};
use doorward_domain::verification::{EmailClaims, Purpose};
use doorward_domain::{
    Clock, ForwardRepositories, Repositories, RequestContext, Store, StoreError, Transaction,
};
use doorward_testing::{Backend, PASSWORD, TestApp};
use serde_json::json;

use crate::administration::{EVE, is_signed_in, refused, sign_in};
use crate::races::together;

type Act = Box<dyn FnOnce(Arc<dyn Store>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A store in which something happens before the next transaction begins: after a request has looked, before it writes.
struct Interrupted {
    store: Arc<dyn Store>,
    act: Arc<Mutex<Option<Act>>>,
}

impl ForwardRepositories for Interrupted {
    fn behind(&self) -> &dyn Repositories {
        &*self.store
    }
}

#[async_trait]
impl Store for Interrupted {
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError> {
        let act = self.act.lock().unwrap().take();
        if let Some(act) = act {
            act(self.store.clone()).await;
        }
        self.store.begin(request).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

/// A server, and what happens before its next transaction.
fn interrupted(backend: Backend) -> (TestApp, Arc<Mutex<Option<Act>>>) {
    let act = Arc::new(Mutex::new(None));
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.store = Arc::new(Interrupted {
            store: setup.store.clone(),
            act: act.clone(),
        });
    });
    (app, act)
}

fn request_reset(app: &TestApp, email: &str) {
    let body = json!({ "email": email, "redirectTo": "/new" });
    let answer = app.browser().post("/request-password-reset", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn reset_token(message: &EmailMessage) -> String {
    let link = message.link.expose();
    let token = link.split("/reset-password/").nth(1).unwrap();
    token.split('?').next().unwrap().to_owned()
}

fn tk_5_a_reset_link_is_worth_nothing_after_a_change_of_address_at_once(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.change_email.update_email_without_verification = true;
    });
    let mut eve = app.signed_up("wrnog@example.test");
    request_reset(&app, "wrnog@example.test");
    let token = reset_token(&app.sent_emails()[0]);
    let answer = eve.post("/change-email", &json!({ "newEmail": EVE }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(eve.get("/get-session").json()["user"]["email"], EVE);
    let reset = json!({ "token": token, "newPassword": "nine green bottles" });
    let answer = app.browser().post("/reset-password", &reset);
    refused(&answer, 400, "INVALID_TOKEN");
    assert_eq!(sign_in(&app, EVE, PASSWORD).status, 200);
}

fn tk_6_no_reset_link_is_mailed_to_an_address_just_left(backend: Backend) {
    let (app, act) = interrupted(backend);
    drop(app.signed_up(EVE));
    let (id, now) = (app.id_of(EVE), app.clock.now());
    *act.lock().unwrap() = Some(Box::new(move |store| {
        Box::pin(async move {
            let (from, to) = (Email::from_stored(EVE), Email::from_stored("new@example.test"));
            let changed = store.users().change_email(&id, &from, &to, false, now).await;
            assert!(changed.unwrap().is_applied());
        })
    }));
    request_reset(&app, EVE);
    assert!(act.lock().unwrap().is_none(), "it happened in between");
    assert!(app.sent_emails().is_empty());
}

fn tk_3_a_link_cancelled_since_it_was_read_changes_no_address(backend: Backend) {
    let (app, act) = interrupted(backend);
    let mut eve = app.signed_up(EVE);
    let body = json!({ "newEmail": "evil@example.test" });
    assert_eq!(eve.post("/change-email", &body).status, 200);
    let message = app.sent_emails().remove(0);
    let id = app.id_of(EVE);
    *act.lock().unwrap() = Some(Box::new(move |store| {
        Box::pin(async move {
            store.verifications().cancel(&id, &Purpose::LINKS).await.unwrap();
        })
    }));
    let answer = app.browser().open(&message);
    assert!(act.lock().unwrap().is_none(), "it happened in between");
    assert!(answer.header("location").contains("error="), "{answer:?}");
    assert_eq!(eve.get("/get-session").json()["user"]["email"], EVE);
}

fn se_5_a_session_revoked_during_a_change_of_password_stays_over(backend: Backend) {
    let (app, act) = interrupted(backend);
    let mut eve = app.signed_up(EVE);
    let id = app.id_of(EVE);
    let user = id.clone();
    *act.lock().unwrap() = Some(Box::new(move |store| {
        Box::pin(async move {
            assert_eq!(store.sessions().delete_all(&user, None).await.unwrap(), 1);
        })
    }));
    let body = json!({ "currentPassword": PASSWORD, "newPassword": "nine green bottles" });
    let answer = eve.post("/change-password", &body);
    assert!(act.lock().unwrap().is_none(), "it happened in between");
    refused(&answer, 401, "UNAUTHORIZED");
    assert!(!is_signed_in(&mut eve));
    assert!(app.wait(app.store.sessions().list_all(&id)).unwrap().is_empty());
    assert_eq!(sign_in(&app, EVE, PASSWORD).status, 200, "and nothing changed");
}

fn se_8_a_session_of_the_browser_is_not_extended_without_its_cookie(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up(EVE));
    let mut browser = app.browser();
    let body = json!({ "email": EVE, "password": PASSWORD, "rememberMe": false });
    assert_eq!(browser.post("/sign-in/email", &body).status, 200);
    browser.cookies.retain(|name, _| !name.ends_with("dont_remember"));
    app.clock.advance(TimeDelta::hours(23));
    assert!(is_signed_in(&mut browser));
    app.clock.advance(TimeDelta::hours(1));
    assert!(!is_signed_in(&mut browser));
}

/// Better Auth's links carry their claims themselves, so that only a mark says they were used.
fn tk_3_a_used_signed_link_stays_used_whatever_is_cancelled(backend: Backend) {
    let acts = [
        ("/admin/ban-user", json!({})),
        (
            "/admin/set-user-password",
            json!({ "newPassword": "nine green bottles" }),
        ),
    ];
    for (path, mut body) in acts {
        let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
            setup.settings.email_verification.auto_sign_in_after_verification = true;
        });
        let (mut admin, _eve) = (app.administrator(), app.signed_up(EVE));
        let (id, now) = (app.id_of(EVE), app.clock.now());
        let token = app.context.ports.email_tokens.sign(&EmailClaims {
            email: Email::from_stored(EVE),
            user_id: Some(id.clone()),
            change: None,
            issued_at: now,
            expires_at: now + TimeDelta::hours(1),
        });
        let follow = || app.browser().get(&format!("/verify-email?token={token}"));
        let first = follow();
        assert_eq!((first.status, first.set_cookies().is_empty()), (200, false));
        body["userId"] = json!(id.as_str());
        assert_eq!(admin.post(path, &body).status, 200);
        let user = json!({ "userId": id.as_str() });
        assert_eq!(admin.post("/admin/unban-user", &user).status, 200);
        let unverified = json!({ "userId": id.as_str(), "data": { "emailVerified": false } });
        assert_eq!(admin.post("/admin/update-user", &unverified).status, 200);
        let again = follow();
        refused(&again, 401, "INVALID_TOKEN");
        assert!(again.set_cookies().is_empty(), "{path}");
    }
}

/// Counts, and says no to Eve where it is told to.
#[derive(Default)]
struct Counter {
    before: AtomicUsize,
    after: AtomicUsize,
    refuses: bool,
}

#[async_trait]
impl Hook for Counter {
    async fn before_commit(&self, _: &dyn Transaction, _: &User) -> Result<(), HookError> {
        self.before.fetch_add(1, Ordering::SeqCst);
        if self.refuses {
            let (code, message) = ("NOT_WELCOME", "not welcome".into());
            return Err(doorward_application::hooks::Rejection { code, message }.into());
        }
        Ok(())
    }

    async fn after_commit(&self, _: &User) {
        self.after.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counter {
    fn counts(&self) -> (usize, usize) {
        (
            self.before.load(Ordering::SeqCst),
            self.after.load(Ordering::SeqCst),
        )
    }
}

fn re_4_of_six_deletions_at_once_one_deletes(backend: Backend) {
    let counter = Arc::new(Counter::default());
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.hooks.deletion.push(counter.clone());
    });
    let eve = app.signed_up(EVE);
    let mut statuses = together(6, |_| eve.clone().post("/delete-user", &json!({})).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401, 401, 401]);
    assert_eq!(counter.counts(), (1, 1));
}

fn a_sign_in_hook_is_asked_whatever_the_way_in(backend: Backend) {
    let refusing = Arc::new(Counter {
        refuses: true,
        ..Counter::default()
    });
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.email_verification.auto_sign_in_after_verification = true;
        setup.settings.email_verification.send_on_sign_up = Some(true);
        setup.settings.email_and_password.auto_sign_in = false;
        setup.hooks.sign_in.push(refusing.clone());
    });
    let body = json!({ "name": "Eve", "email": EVE, "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-up/email", &body).status, 200);
    assert_eq!(refusing.counts(), (0, 0), "nobody signed in");
    let id = app.id_of(EVE);
    let answer = app.browser().open(&app.sent_emails()[0]);
    assert_eq!(
        answer.header("location"),
        "/",
        "the address is verified all the same"
    );
    assert!(answer.set_cookies().is_empty());
    assert_eq!(refusing.counts(), (1, 0));
    let user = app.wait(app.store.users().find(&id)).unwrap().unwrap();
    assert!(user.email_verified);
    let sessions = app.wait(app.store.sessions().list_all(&id)).unwrap();
    assert!(sessions.is_empty(), "{sessions:?}");

    let refusing = Arc::new(Counter {
        refuses: true,
        ..Counter::default()
    });
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.hooks.sign_in.push(refusing.clone());
    });
    let answer = app.browser().post("/sign-up/email", &body);
    refused(&answer, 403, "NOT_WELCOME");
    assert!(answer.set_cookies().is_empty());
    let found = app.wait(app.store.users().find_by_email(&Email::from_stored(EVE)));
    assert!(found.unwrap().is_none(), "signing up signs in, or does nothing");
}

/// The sign-up hook is about signing up by oneself, as it says.
fn an_administrator_s_new_user_asks_no_sign_up_hook(backend: Backend) {
    let counter = Arc::new(Counter::default());
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.hooks.sign_up.push(counter.clone());
    });
    let mut admin = app.administrator();
    assert_eq!(counter.counts(), (1, 1));
    let body = json!({ "name": "New", "email": "new@example.test" });
    assert_eq!(admin.post("/admin/create-user", &body).status, 200);
    assert_eq!(counter.counts(), (1, 1));
}

fn a_second_factor_enrolled_elsewhere_is_not_passed_by(backend: Backend) {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let app = TestApp::on_with(backend, preset, |_| {});
        let Some(database) = app.database() else {
            return;
        };
        app.wait(
            database.execute(r#"ALTER TABLE "user" ADD COLUMN "twoFactorEnabled" boolean DEFAULT false"#),
        );
        drop(app.signed_up(EVE));
        assert_eq!(sign_in(&app, EVE, PASSWORD).status, 200, "not enrolled");
        app.wait(database.execute(r#"UPDATE "user" SET "twoFactorEnabled" = true"#));
        refused(
            &sign_in(&app, EVE, "wrong password"),
            401,
            "INVALID_EMAIL_OR_PASSWORD",
        );
        let answer = sign_in(&app, EVE, PASSWORD);
        if preset == Preset::Hardened {
            refused(&answer, 403, "TWO_FACTOR_NOT_AVAILABLE");
        } else {
            let expected = json!({ "twoFactorRedirect": true });
            assert_eq!((answer.status, answer.json()), (200, expected));
        }
        assert!(answer.set_cookies().is_empty(), "{:?}", answer.set_cookies());
    }
}

doorward_testing::on_every_backend!(
    tk_5_a_reset_link_is_worth_nothing_after_a_change_of_address_at_once,
    tk_6_no_reset_link_is_mailed_to_an_address_just_left,
    tk_3_a_link_cancelled_since_it_was_read_changes_no_address,
    se_5_a_session_revoked_during_a_change_of_password_stays_over,
    se_8_a_session_of_the_browser_is_not_extended_without_its_cookie,
    tk_3_a_used_signed_link_stays_used_whatever_is_cancelled,
    re_4_of_six_deletions_at_once_one_deletes,
    a_sign_in_hook_is_asked_whatever_the_way_in,
    an_administrator_s_new_user_asks_no_sign_up_hook,
    a_second_factor_enrolled_elsewhere_is_not_passed_by,
);
