//! What an impersonation is worth once its administrator is not one any more, and what it cannot be used for.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use doorward_adapters::cache::{CacheInvalidatingStore, MemorySessionCache};
use doorward_application::settings::Preset;
use doorward_domain::Clock;
use doorward_domain::user::Email;
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::administration::{EVE, admin_and_user, is_signed_in, refused, sign_in};

const ROOT: &str = "admin@example.test";
const ROGUE: &str = "rogue@example.test";

/// A browser of Rogue, an administrator who impersonates Eve.
fn rogue_impersonates_eve(app: &TestApp) -> Browser {
    drop(app.signed_up(EVE));
    let mut rogue = app.signed_up_as(ROGUE, "admin");
    let body = json!({ "userId": app.id_of(EVE).as_str() });
    assert_eq!(rogue.post("/admin/impersonate-user", &body).status, 200);
    assert_eq!(rogue.get("/get-session").json()["user"]["email"], EVE);
    rogue
}

/// What ends an administrator's rights or sessions.
fn acts_against(id: &str) -> [(&'static str, Value); 5] {
    [
        ("/admin/ban-user", json!({ "userId": id })),
        ("/admin/set-role", json!({ "userId": id, "role": "user" })),
        ("/admin/remove-user", json!({ "userId": id })),
        ("/admin/revoke-user-sessions", json!({ "userId": id })),
        (
            "/admin/set-user-password",
            json!({ "userId": id, "newPassword": "nine green bottles" }),
        ),
    ]
}

fn ends_with_the_rights_of_its_administrator(start: impl Fn() -> TestApp) {
    for number in 0..5 {
        let app = start();
        let mut root = app.administrator();
        let mut rogue = rogue_impersonates_eve(&app);
        let (path, body) = acts_against(app.id_of(ROGUE).as_str())[number].clone();
        let mut copy = rogue.clone();
        let answer = root.post(path, &body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let update = copy.post("/update-user", &json!({ "name": "Mallory" }));
        assert_eq!(update.status, 401, "{path}: {}", update.text);
        assert!(!is_signed_in(&mut rogue), "{path}");
        let eve = root.get(&format!("/admin/get-user?id={}", app.id_of(EVE))).json();
        assert_eq!(eve["name"], "Ada", "{path}");
    }
}

fn se_6_an_impersonation_ends_with_the_rights_of_its_administrator(backend: Backend) {
    ends_with_the_rights_of_its_administrator(|| TestApp::on(backend));
}

fn se_6_also_where_sessions_are_remembered(backend: Backend) {
    ends_with_the_rights_of_its_administrator(|| {
        TestApp::on_with(backend, Preset::Hardened, |setup| {
            let cache = Arc::new(MemorySessionCache::new(Duration::from_hours(1)));
            setup.store = Arc::new(CacheInvalidatingStore::new(setup.store.clone(), cache.clone()));
            setup.session_cache = cache;
        })
    });
}

fn pw_9_impersonating_makes_an_old_session_neither_fresh_nor_young(backend: Backend) {
    let (app, mut admin, _eve, id) = admin_and_user(backend);
    for day in 1..30 {
        app.clock.advance(TimeDelta::days(1));
        assert!(is_signed_in(&mut admin), "day {day}");
    }
    let stale = |admin: &mut Browser| {
        refused(&admin.get("/list-sessions"), 403, "SESSION_NOT_FRESH");
        let body = json!({ "newEmail": "new@example.test" });
        refused(&admin.post("/change-email", &body), 403, "SESSION_NOT_FRESH");
    };
    stale(&mut admin);
    let begun = admin.post("/admin/impersonate-user", &json!({ "userId": id }));
    assert_eq!(begun.status, 200, "{}", begun.text);
    refused(&admin.get("/list-sessions"), 403, "SESSION_NOT_FRESH");
    let stopped = admin.post("/admin/stop-impersonating", &json!({}));
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    stale(&mut admin);
    assert!(is_signed_in(&mut admin));
    app.clock.advance(TimeDelta::days(1));
    assert!(
        !is_signed_in(&mut admin),
        "SE-8: the thirty days began at the sign-in"
    );
}

fn ac_6_what_a_user_signs_in_by_is_not_changed_nor_asked_by_an_impersonator(backend: Backend) {
    let (_app, mut admin, mut eve, id) = admin_and_user(backend);
    let begun = admin.post("/admin/impersonate-user", &json!({ "userId": id }));
    assert_eq!(begun.status, 200, "{}", begun.text);
    let code = "IMPERSONATION_FORBIDS";
    let names = json!({ "name": "Mallory", "username": "mallory" });
    refused(&admin.post("/update-user", &names), 403, code);
    for password in [PASSWORD, "wrong password"] {
        let body = json!({ "password": password });
        refused(&admin.post("/verify-password", &body), 403, code);
    }
    refused(&admin.post("/update-session", &json!({ "note": "x" })), 403, code);
    let user = eve.get("/get-session").json()["user"].clone();
    assert_eq!((&user["name"], &user["username"]), (&json!("Ada"), &Value::Null));

    let profile = json!({ "name": "Evelyn", "image": "https://example.test/eve.png" });
    assert_eq!(admin.post("/update-user", &profile).status, 200);
    let user = eve.get("/get-session").json()["user"].clone();
    assert_eq!(
        (&user["name"], &user["image"]),
        (&profile["name"], &profile["image"])
    );
}

fn se_9_signing_out_of_an_impersonation_leaves_no_session_of_the_administrator(backend: Backend) {
    let (_app, mut admin, mut eve, id) = admin_and_user(backend);
    let mut own = admin.clone();
    assert!(is_signed_in(&mut own));
    let begun = admin.post("/admin/impersonate-user", &json!({ "userId": id }));
    assert_eq!(begun.status, 200, "{}", begun.text);
    let mut copy = admin.clone();
    assert_eq!(admin.post("/sign-out", &json!({})).status, 200);
    let left: Vec<_> = admin.cookies.keys().collect();
    assert_eq!(left, ["better-auth.device"], "the browser stays known");
    assert!(!is_signed_in(&mut copy), "the impersonation is over");
    assert!(!is_signed_in(&mut own), "and so is the session that was left");
    assert!(is_signed_in(&mut eve), "but not the user's own");
}

/// An administrator sees what the user would see, whether they could sign in or not. Only a ban is called one.
fn an_unverified_user_is_impersonated_and_a_banned_one_is_not(backend: Backend) {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let app = TestApp::on_with(backend, preset, |setup| {
            setup.settings.email_and_password.require_email_verification = true;
        });
        for email in [ROOT, EVE] {
            let body = json!({ "name": "Ada", "email": email, "password": PASSWORD });
            assert_eq!(app.browser().post("/sign-up/email", &body).status, 200);
        }
        app.grant(ROOT, "admin");
        let (users, root) = (app.store.users(), app.id_of(ROOT));
        let address = Email::from_stored(ROOT);
        let verified = app.wait(users.mark_email_verified(&root, &address, app.clock.now()));
        assert!(verified.unwrap().is_applied());
        refused(&sign_in(&app, EVE, PASSWORD), 403, "EMAIL_NOT_VERIFIED");

        let mut admin = app.browser();
        let body = json!({ "email": ROOT, "password": PASSWORD });
        assert_eq!(admin.post("/sign-in/email", &body).status, 200);
        let eve = json!({ "userId": app.id_of(EVE).as_str() });
        let begun = admin.post("/admin/impersonate-user", &eve);
        assert_eq!(begun.status, 200, "{}", begun.text);
        assert_eq!(admin.get("/get-session").json()["user"]["email"], EVE);
        assert_eq!(admin.post("/admin/stop-impersonating", &json!({})).status, 200);

        assert_eq!(admin.post("/admin/ban-user", &eve).status, 200);
        refused(&admin.post("/admin/impersonate-user", &eve), 403, "BANNED_USER");
    }
}

doorward_testing::on_every_backend!(
    se_6_an_impersonation_ends_with_the_rights_of_its_administrator,
    se_6_also_where_sessions_are_remembered,
    pw_9_impersonating_makes_an_old_session_neither_fresh_nor_young,
    ac_6_what_a_user_signs_in_by_is_not_changed_nor_asked_by_an_impersonator,
    se_9_signing_out_of_an_impersonation_leaves_no_session_of_the_administrator,
    an_unverified_user_is_impersonated_and_a_banned_one_is_not,
);
