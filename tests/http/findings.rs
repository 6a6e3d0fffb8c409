//! What happens between two steps of one request: somebody else changes what the first step saw.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::access::CreateUser;
use doorward_application::hooks::{Hook, HookError};
use doorward_application::settings::{Preset, WhenEnrolled};
use doorward_domain::email::EmailMessage;
use doorward_domain::password::Password;
use doorward_domain::user::{Email, User, UserName};
use doorward_domain::verification::Purpose;
use doorward_domain::{
    Actor, Clock, ForwardRepositories, Repositories, RequestContext, Secret, Store, StoreError, Transaction,
};
use doorward_testing::{Backend, PASSWORD, Response, TestApp, TestDatabase};
use serde_json::json;

use crate::administration::{EVE, is_signed_in, refused, sign_in};
use crate::races::together;

const SETUP_TOKEN: &str = "a-set-up-token-of-32-characters!";

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

/// A link holds its address, whatever changed that of the user, and whether or not the link was cancelled then.
fn tk_6_a_link_is_for_the_address_it_was_made_for(backend: Backend) {
    let app = TestApp::on(backend);
    let mut eve = app.signed_up(EVE);
    let body = json!({ "email": EVE });
    assert_eq!(eve.post("/send-verification-email", &body).status, 200);
    let verification = app.sent_emails().remove(0);
    request_reset(&app, EVE);
    let token = reset_token(&app.sent_emails()[0]);
    let (id, now, elsewhere) = (app.id_of(EVE), app.clock.now(), "eve@elsewhere.test");
    let moved = |from: &str, to: &str| {
        let (from, to) = (Email::from_stored(from), Email::from_stored(to));
        let changed = app.wait(app.store.users().change_email(&id, &from, &to, false, now));
        assert!(changed.unwrap().is_applied());
    };
    moved(EVE, elsewhere);
    let reset = json!({ "token": token, "newPassword": "nine green bottles" });
    let answer = app.browser().post("/reset-password", &reset);
    refused(&answer, 400, "INVALID_TOKEN");
    let answer = app.browser().open(&verification);
    assert!(answer.header("location").contains("error="), "{answer:?}");
    assert_eq!(eve.get("/get-session").json()["user"]["emailVerified"], false);
    assert_eq!(sign_in(&app, elsewhere, PASSWORD).status, 200);

    // Nothing but the address was in the way.
    moved(elsewhere, EVE);
    assert_eq!(app.browser().post("/reset-password", &reset).status, 200);
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

/// The sign-up hook is about signing up by oneself, as it says: not about users whom others create or bring back.
fn whom_others_create_or_restore_asks_no_sign_up_hook(backend: Backend) {
    let counter = Arc::new(Counter::default());
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.hooks.sign_up.push(counter.clone());
        setup.settings.admin.setup_token = Some(Secret::new(SETUP_TOKEN.to_owned()));
    });
    let body =
        json!({ "token": SETUP_TOKEN, "name": "Root", "email": "root@example.test", "password": PASSWORD });
    assert_eq!(app.browser().post("/admin/set-up", &body).status, 200);
    let by_command = CreateUser::new(app.context.clone());
    let operator = app.context.internal_request(Actor::Operator("user create"));
    let name = UserName::parse("Operated").unwrap();
    let (email, password) = (
        Email::from_stored("operated@example.test"),
        Password::new(PASSWORD),
    );
    let created = app.wait(by_command.run(&operator, name, email, password, false));
    assert!(created.is_ok(), "{created:?}");
    assert_eq!(counter.counts(), (0, 0));

    let mut admin = app.administrator();
    assert_eq!(counter.counts(), (1, 1), "signing up by oneself");
    let body = json!({ "name": "New", "email": "new@example.test" });
    assert_eq!(admin.post("/admin/create-user", &body).status, 200);
    let user = json!({ "userId": app.id_of("new@example.test").as_str() });
    assert_eq!(admin.post("/admin/remove-user", &user).status, 200);
    assert_eq!(admin.post("/admin/restore-user", &user).status, 200);
    assert_eq!(counter.counts(), (1, 1));
}

/// What is answered to a user who enrolled a second factor with Better Auth, after the first.
fn is_turned_away(answer: &Response, preset: Preset) {
    if preset == Preset::Hardened {
        refused(answer, 403, "TWO_FACTOR_NOT_AVAILABLE");
    } else {
        let expected = json!({ "twoFactorRedirect": true });
        assert_eq!((answer.status, answer.json()), (200, expected));
    }
    assert!(answer.set_cookies().is_empty(), "{:?}", answer.set_cookies());
}

/// Eve, who has the username eve, enrolled a second factor; what to call the server when she did.
fn enrolled(app: &TestApp) -> Option<&TestDatabase> {
    let database = app.database()?;
    let column = r#"ALTER TABLE "user" ADD COLUMN "twoFactorEnabled" boolean DEFAULT false"#;
    app.wait(database.execute(column));
    let body = json!({ "name": "Eve", "email": EVE, "password": PASSWORD, "username": "eve" });
    assert_eq!(app.browser().post("/sign-up/email", &body).status, 200);
    assert_eq!(sign_in(app, EVE, PASSWORD).status, 200, "not enrolled");
    drop(app.sent_emails());
    app.wait(database.execute(r#"UPDATE "user" SET "twoFactorEnabled" = true"#));
    Some(database)
}

fn a_second_factor_enrolled_elsewhere_is_not_passed_by(backend: Backend) {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let app = TestApp::on_with(backend, preset, |setup| {
            setup.settings.email_verification.auto_sign_in_after_verification = true;
        });
        if enrolled(&app).is_none() {
            return;
        }
        refused(
            &sign_in(&app, EVE, "wrong password"),
            401,
            "INVALID_EMAIL_OR_PASSWORD",
        );
        is_turned_away(&sign_in(&app, EVE, PASSWORD), preset);
        let by_name = |password: &str| {
            let body = json!({ "username": "eve", "password": password });
            app.browser().post("/sign-in/username", &body)
        };
        refused(&by_name("wrong password"), 401, "INVALID_USERNAME_OR_PASSWORD");
        is_turned_away(&by_name(PASSWORD), preset);

        // A mailed link verifies, and signs nobody in.
        let body = json!({ "email": EVE });
        assert_eq!(app.browser().post("/send-verification-email", &body).status, 200);
        let answer = app.browser().open(&app.sent_emails()[0]);
        assert!(!answer.header("location").contains("error="), "{answer:?}");
        assert!(answer.set_cookies().is_empty(), "{:?}", answer.set_cookies());

        // A new password is one factor, too.
        request_reset(&app, EVE);
        let token = reset_token(&app.sent_emails()[0]);
        let reset = json!({ "token": token, "newPassword": "nine green bottles" });
        assert_eq!(app.browser().post("/reset-password", &reset).status, 200);
        is_turned_away(&sign_in(&app, EVE, "nine green bottles"), preset);
        is_turned_away(&by_name("nine green bottles"), preset);
    }
}

fn where_a_second_factor_is_to_be_ignored_the_password_is_enough(backend: Backend) {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let app = TestApp::on_with(backend, preset, |setup| {
            setup.settings.two_factor.when_enrolled = WhenEnrolled::Ignore;
        });
        if enrolled(&app).is_none() {
            return;
        }
        let answer = sign_in(&app, EVE, PASSWORD);
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["user"]["email"], EVE);
        assert!(!answer.set_cookies().is_empty());
        refused(
            &sign_in(&app, EVE, "wrong password"),
            401,
            "INVALID_EMAIL_OR_PASSWORD",
        );
    }
}

doorward_testing::on_every_backend!(
    tk_5_a_reset_link_is_worth_nothing_after_a_change_of_address_at_once,
    tk_6_no_reset_link_is_mailed_to_an_address_just_left,
    tk_6_a_link_is_for_the_address_it_was_made_for,
    tk_3_a_link_cancelled_since_it_was_read_changes_no_address,
    se_5_a_session_revoked_during_a_change_of_password_stays_over,
    se_8_a_session_of_the_browser_is_not_extended_without_its_cookie,
    re_4_of_six_deletions_at_once_one_deletes,
    a_sign_in_hook_is_asked_whatever_the_way_in,
    whom_others_create_or_restore_asks_no_sign_up_hook,
    a_second_factor_enrolled_elsewhere_is_not_passed_by,
    where_a_second_factor_is_to_be_ignored_the_password_is_enough,
);
