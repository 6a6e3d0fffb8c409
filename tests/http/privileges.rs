//! Nobody gets more rights than they have through those they look after.

use doorward_application::settings::Preset;
use doorward_domain::Clock;
use doorward_domain::access::{AccessPolicy, permissions};
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::administration::{EVE, is_signed_in, refused, sign_in};
use crate::races::together;

const ROOT: &str = "admin@example.test";
const OWNER: &str = "owner@example.test";

/// Roles that may do a little, and one that may do nearly everything without being an administrator's.
fn policy() -> AccessPolicy {
    use permissions::{session, user};
    AccessPolicy::builder()
        .role("support", [user::SET_PASSWORD])
        .role("clerk", [user::UPDATE, user::SET_EMAIL])
        .role("imp", [user::IMPERSONATE])
        .role("setter", [user::SET_ROLE])
        .role("warden", [user::BAN, user::DELETE, session::REVOKE])
        .role("hirer", [user::CREATE])
        .role("owner", [user::LIST, user::UPDATE, user::IMPERSONATE])
        .build()
        .unwrap()
}

fn app(backend: Backend, preset: Preset) -> TestApp {
    TestApp::on_with(backend, preset, |setup| setup.settings.access = policy())
}

/// A role, what its user tries, and with what of somebody's id.
fn attempts(id: &str) -> [(&'static str, &'static str, Value); 9] {
    let update = |data: Value| json!({ "userId": id, "data": data });
    [
        (
            "support",
            "/admin/set-user-password",
            json!({ "userId": id, "newPassword": "nine green bottles" }),
        ),
        (
            "clerk",
            "/admin/update-user",
            update(json!({ "email": "mine@example.test" })),
        ),
        (
            "clerk",
            "/admin/update-user",
            update(json!({ "name": "Mallory" })),
        ),
        ("imp", "/admin/impersonate-user", json!({ "userId": id })),
        (
            "setter",
            "/admin/set-role",
            json!({ "userId": id, "role": "user" }),
        ),
        ("warden", "/admin/revoke-user-sessions", json!({ "userId": id })),
        ("warden", "/admin/ban-user", json!({ "userId": id })),
        ("warden", "/admin/unban-user", json!({ "userId": id })),
        ("warden", "/admin/remove-user", json!({ "userId": id })),
    ]
}

fn ac_2_nobody_changes_somebody_who_may_do_more(backend: Backend) {
    let app = app(backend, Preset::Hardened);
    let mut admin = app.administrator();
    // A second one, so that the last administrator is not what decides.
    drop(app.signed_up_as("second@example.test", "admin"));
    let mut owner = app.signed_up_as(OWNER, "owner");
    for role in ["support", "clerk", "imp", "setter", "warden"] {
        drop(app.signed_up_as(&format!("{role}@example.test"), role));
    }
    let tried_by = |role: &str| {
        let mut browser = app.browser();
        let body = json!({ "email": format!("{role}@example.test"), "password": PASSWORD });
        assert_eq!(browser.post("/sign-in/email", &body).status, 200);
        browser
    };
    for target in [ROOT, OWNER] {
        let id = app.id_of(target);
        for (role, path, body) in attempts(id.as_str()) {
            let answer = tried_by(role).post(path, &body);
            assert_eq!(answer.status, 403, "{role} {path} {target}: {}", answer.text);
            assert!(!answer.code().is_empty(), "{}", answer.text);
        }
        assert_eq!(app.id_of(target), id, "the address is the same");
        assert_eq!(sign_in(&app, target, PASSWORD).status, 200);
    }
    assert!(is_signed_in(&mut admin) && is_signed_in(&mut owner));

    // Whoever may do no more than they is what the role is for.
    for (number, (role, path, _)) in attempts("").into_iter().enumerate() {
        let email = format!("user-{number}@example.test");
        drop(app.signed_up(&email));
        let body = attempts(app.id_of(&email).as_str())[number].2.clone();
        let answer = tried_by(role).post(path, &body);
        assert_eq!(answer.status, 200, "{role} {path}: {}", answer.text);
    }
}

fn ac_2_nobody_restores_somebody_who_may_do_more(backend: Backend) {
    let app = app(backend, Preset::Hardened);
    let mut admin = app.administrator();
    drop(app.signed_up_as(OWNER, "owner"));
    let mut warden = app.signed_up_as("warden@example.test", "warden");
    let body = json!({ "userId": app.id_of(OWNER).as_str() });
    assert_eq!(admin.post("/admin/remove-user", &body).status, 200);
    let answer = warden.post("/admin/restore-user", &body);
    assert_eq!(answer.status, 403, "{}", answer.text);
    let removed = admin.get("/admin/list-users?deleted=true").json();
    assert_eq!(removed["total"], 1, "{removed}");
    assert_eq!(admin.post("/admin/restore-user", &body).status, 200);
}

fn ac_2_nobody_grants_more_than_they_have(backend: Backend) {
    let app = app(backend, Preset::Hardened);
    let mut setter = app.signed_up_as("setter@example.test", "setter");
    drop(app.signed_up(EVE));
    let own = app.id_of("setter@example.test").to_string();
    for id in [own.as_str(), app.id_of(EVE).as_str()] {
        for role in ["admin", "owner", "user,admin", "support"] {
            let body = json!({ "userId": id, "role": role });
            let answer = setter.post("/admin/set-role", &body);
            assert_eq!(answer.status, 403, "{role}: {}", answer.text);
        }
    }
    assert_eq!(setter.get("/get-session").json()["user"]["role"], "setter");
    let body = json!({ "userId": app.id_of(EVE).as_str(), "role": ["user", "setter"] });
    assert_eq!(setter.post("/admin/set-role", &body).status, 200);
}

fn ac_2_who_may_create_users_may_not_say_whose_address_is_verified(backend: Backend) {
    let app = app(backend, Preset::Hardened);
    let mut hirer = app.signed_up_as("hirer@example.test", "hirer");
    let with = |data: Value| json!({ "name": "New", "email": "new@example.test", "data": data });
    for data in [
        json!({ "emailVerified": true }),
        json!({ "banned": true }),
        json!({ "role": "admin" }),
    ] {
        let answer = hirer.post("/admin/create-user", &with(data.clone()));
        assert!(
            [400, 403].contains(&answer.status),
            "{data}: {} {}",
            answer.status,
            answer.text
        );
    }
    let created = hirer.post("/admin/create-user", &with(json!({})));
    assert_eq!(created.status, 200, "{}", created.text);
    assert_eq!(created.json()["user"]["emailVerified"], false);
}

/// Better Auth asks what somebody may do, and not to whom.
fn under_better_auth_it_is_as_better_auth_has_it(backend: Backend) {
    for number in [0, 1, 5, 6] {
        let app = app(backend, Preset::BetterAuth);
        drop(app.administrator());
        let (role, path, body) = attempts(app.id_of(ROOT).as_str())[number].clone();
        let mut browser = app.signed_up_as(&format!("{role}@example.test"), role);
        let answer = browser.post(path, &body);
        assert_eq!(answer.status, 200, "{role} {path}: {}", answer.text);
    }
    let app = app(backend, Preset::BetterAuth);
    let mut setter = app.signed_up_as("setter@example.test", "setter");
    let body = json!({ "userId": app.id_of("setter@example.test").as_str(), "role": "admin" });
    assert_eq!(setter.post("/admin/set-role", &body).status, 200);
}

/// One promotes Eve, who demotes them at once; and at the same time Eve is demoted. Whoever looks before they lock takes Eve
/// for an ordinary user, and nobody is left.
fn ac_5_promotions_and_demotions_at_once_leave_an_administrator(backend: Backend) {
    let app = TestApp::on(backend);
    let admin = app.administrator();
    let eve = app.signed_up(EVE);
    let (admin_id, eve_id) = (app.id_of(ROOT).to_string(), app.id_of(EVE).to_string());
    let role = |id: &str, role: &str| json!({ "userId": id, "role": role });
    for round in 0..10 {
        app.grant(ROOT, "admin");
        app.grant(EVE, "user");
        together(4, |number| match number {
            0 => {
                admin.clone().post("/admin/set-role", &role(&eve_id, "admin"));
                eve.clone().post("/admin/set-role", &role(&admin_id, "user"));
            }
            1 => {
                for _ in 0..3 {
                    eve.clone().post("/admin/set-role", &role(&admin_id, "user"));
                }
            }
            _ => {
                for _ in 0..3 {
                    admin.clone().post("/admin/set-role", &role(&eve_id, "user"));
                }
            }
        });
        let works =
            |browser: &doorward_testing::Browser| browser.clone().get("/admin/list-users").status == 200;
        assert!(works(&admin) || works(&eve), "round {round}: nobody is left");
    }
}

fn ac_5_an_administrator_who_cannot_sign_in_is_none(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.email_and_password.require_email_verification = true;
    });
    for email in [ROOT, "second@example.test"] {
        let body = json!({ "name": "Ada", "email": email, "password": PASSWORD });
        assert_eq!(app.browser().post("/sign-up/email", &body).status, 200);
        app.grant(email, "admin");
    }
    let verify = |email: &str| {
        let (users, id) = (app.store.users(), app.id_of(email));
        let address = doorward_domain::user::Email::from_stored(email);
        let verified = app.wait(users.mark_email_verified(&id, &address, app.clock.now()));
        assert!(verified.unwrap().is_applied());
    };
    verify(ROOT);
    let mut admin = app.browser();
    let body = json!({ "email": ROOT, "password": PASSWORD });
    assert_eq!(admin.post("/sign-in/email", &body).status, 200);
    let demotion = json!({ "userId": app.id_of(ROOT).as_str(), "role": "user" });
    let answer = admin.post("/admin/set-role", &demotion);
    refused(&answer, 400, "LAST_ADMINISTRATOR");
    verify("second@example.test");
    assert_eq!(admin.post("/admin/set-role", &demotion).status, 200);
}

fn ac_5_an_administrator_without_a_way_to_sign_in_is_none(backend: Backend) {
    let app = TestApp::on(backend);
    let mut admin = app.administrator();
    let second = json!({ "name": "Second", "email": "second@example.test", "role": "admin" });
    assert_eq!(admin.post("/admin/create-user", &second).status, 200);
    let demotion = json!({ "userId": app.id_of(ROOT).as_str(), "role": "user" });
    let answer = admin.post("/admin/set-role", &demotion);
    refused(&answer, 400, "LAST_ADMINISTRATOR");

    let id = app.id_of("second@example.test");
    let password = json!({ "userId": id.as_str(), "newPassword": PASSWORD });
    assert_eq!(admin.post("/admin/set-user-password", &password).status, 200);
    if let Some(database) = app.database() {
        // A second factor that cannot be asked for keeps them out as well.
        let column = r#"ALTER TABLE "user" ADD COLUMN "twoFactorEnabled" boolean DEFAULT false"#;
        app.wait(database.execute(column));
        let enrolled = r#"UPDATE "user" SET "twoFactorEnabled" = ("email" LIKE 'second%')"#;
        app.wait(database.execute(enrolled));
        let answer = admin.post("/admin/set-role", &demotion);
        refused(&answer, 400, "LAST_ADMINISTRATOR");
        app.wait(database.execute(r#"UPDATE "user" SET "twoFactorEnabled" = false"#));
    }
    assert_eq!(admin.post("/admin/set-role", &demotion).status, 200);
    assert_eq!(sign_in(&app, "second@example.test", PASSWORD).status, 200);
}

fn an_address_that_an_administrator_changes_ends_the_sessions(backend: Backend) {
    for (preset, ends) in [(Preset::Hardened, true), (Preset::BetterAuth, false)] {
        let app = TestApp::on_with(backend, preset, |_| {});
        let (mut admin, mut eve) = (app.administrator(), app.signed_up(EVE));
        let mut update = |id: &str, data: Value| {
            let answer = admin.post("/admin/update-user", &json!({ "userId": id, "data": data }));
            assert_eq!(answer.status, 200, "{}", answer.text);
        };
        let id = app.id_of(EVE).to_string();
        update(&id, json!({ "email": EVE, "name": "Eve" }));
        assert!(is_signed_in(&mut eve), "it is the same address");
        update(&id, json!({ "email": "eve@elsewhere.test" }));
        assert_eq!(is_signed_in(&mut eve), !ends, "{preset:?}");
        assert_eq!(sign_in(&app, "eve@elsewhere.test", PASSWORD).status, 200);

        // Their own session is the one they change the address with.
        let mut elsewhere = app.browser();
        let body = json!({ "email": ROOT, "password": PASSWORD });
        assert_eq!(elsewhere.post("/sign-in/email", &body).status, 200);
        let own = app.id_of(ROOT).to_string();
        update(&own, json!({ "email": "root@elsewhere.test" }));
        assert_eq!(is_signed_in(&mut elsewhere), !ends, "{preset:?}");
        assert!(is_signed_in(&mut admin));
    }
}

fn an_address_that_an_administrator_changes_is_not_verified(backend: Backend) {
    for (preset, expected) in [(Preset::Hardened, false), (Preset::BetterAuth, true)] {
        let app = TestApp::on_with(backend, preset, |_| {});
        let (mut admin, _eve) = (app.administrator(), app.signed_up(EVE));
        let id = app.id_of(EVE).to_string();
        let mut update = |data: Value| {
            let answer = admin.post("/admin/update-user", &json!({ "userId": id, "data": data }));
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.json()
        };
        assert_eq!(update(json!({ "emailVerified": true }))["emailVerified"], true);
        let same = update(json!({ "email": EVE, "name": "Eve" }));
        assert_eq!(same["emailVerified"], true, "it is the same address");
        let moved = update(json!({ "email": "eve@elsewhere.test" }));
        assert_eq!(moved["emailVerified"], expected, "{preset:?}");
        let said = update(json!({ "email": EVE, "emailVerified": true }));
        assert_eq!(said["emailVerified"], true, "the administrator says so");
    }
}

fn ac_4_roles_bans_and_deletions_count_from_the_next_request(backend: Backend) {
    let app = TestApp::on(backend);
    let mut root = app.administrator();
    let mut other = app.signed_up(EVE);
    let id = app.id_of(EVE).to_string();
    let lists = |browser: &mut Browser| browser.get("/admin/list-users").status;
    assert_eq!(lists(&mut other), 403);
    let role = |role: &str| json!({ "userId": id, "role": role });
    for (given, status) in [
        (AccessPolicy::ADMIN, 200),
        (AccessPolicy::USER, 403),
        (AccessPolicy::ADMIN, 200),
    ] {
        assert_eq!(root.post("/admin/set-role", &role(given)).status, 200);
        assert_eq!(lists(&mut other), status, "{given}");
    }
    assert_eq!(root.post("/admin/ban-user", &json!({ "userId": id })).status, 200);
    assert_eq!(lists(&mut other), 401, "banned");
    assert_eq!(
        root.post("/admin/unban-user", &json!({ "userId": id })).status,
        200
    );
    let body = json!({ "email": EVE, "password": PASSWORD });
    assert_eq!(other.post("/sign-in/email", &body).status, 200);
    assert_eq!(lists(&mut other), 200);
    assert_eq!(
        root.post("/admin/remove-user", &json!({ "userId": id })).status,
        200
    );
    assert_eq!(lists(&mut other), 401, "deleted");
    assert!(!is_signed_in(&mut other));
}

doorward_testing::on_every_backend!(
    ac_2_nobody_changes_somebody_who_may_do_more,
    ac_2_nobody_restores_somebody_who_may_do_more,
    ac_2_nobody_grants_more_than_they_have,
    ac_2_who_may_create_users_may_not_say_whose_address_is_verified,
    under_better_auth_it_is_as_better_auth_has_it,
    ac_5_promotions_and_demotions_at_once_leave_an_administrator,
    ac_5_an_administrator_who_cannot_sign_in_is_none,
    ac_5_an_administrator_without_a_way_to_sign_in_is_none,
    an_address_that_an_administrator_changes_ends_the_sessions,
    an_address_that_an_administrator_changes_is_not_verified,
    ac_4_roles_bans_and_deletions_count_from_the_next_request,
);
