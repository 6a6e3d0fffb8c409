//! Bans, and sessions in somebody's place.

use doorward_application::settings::Preset;
use doorward_testing::{Backend, PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::administration::{EVE, admin_and_user, is_signed_in, refused, sign_in};

fn se_6_a_ban_ends_sessions_and_links_at_once(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    app.browser().post(
        "/request-password-reset",
        &json!({ "email": EVE, "redirectTo": "/new" }),
    );
    let message = app.sent_emails().pop().unwrap();
    let link = app.browser().open(&message).header("location").to_owned();
    let token = link.split("token=").nth(1).unwrap();
    assert_eq!(
        admin
            .post("/admin/ban-user", &json!({ "userId": id, "banReason": "spam" }))
            .status,
        200
    );
    assert!(!is_signed_in(&mut eve));
    let reset = json!({ "newPassword": "nine green bottles", "token": token });
    refused(
        &app.browser().post("/reset-password", &reset),
        400,
        "INVALID_TOKEN",
    );
    refused(&sign_in(&app, EVE, PASSWORD), 403, "BANNED_USER");
    assert_eq!(
        admin.post("/admin/unban-user", &json!({ "userId": id })).status,
        200
    );
    assert_eq!(sign_in(&app, EVE, PASSWORD).status, 200);
}

fn en_4_a_ban_is_told_only_after_the_right_password(backend: Backend) {
    let (app, mut admin, _, id) = admin_and_user(backend);
    let before = sign_in(&app, EVE, "wrong password");
    assert_eq!(
        admin.post("/admin/ban-user", &json!({ "userId": id })).status,
        200
    );
    let banned = sign_in(&app, EVE, "wrong password");
    let unknown = sign_in(&app, "nobody@example.test", "wrong password");
    assert_eq!((banned.status, &banned.text), (before.status, &before.text));
    assert_eq!((banned.status, &banned.text), (unknown.status, &unknown.text));
}

fn a_ban_with_an_end_is_lifted_by_the_next_sign_in(backend: Backend) {
    let (app, mut admin, _, id) = admin_and_user(backend);
    let ban = json!({ "userId": id, "banReason": "spam", "banExpiresIn": 60 });
    assert_eq!(admin.post("/admin/ban-user", &ban).status, 200);
    app.clock.advance(chrono::TimeDelta::seconds(59));
    refused(&sign_in(&app, EVE, PASSWORD), 403, "BANNED_USER");
    app.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(sign_in(&app, EVE, PASSWORD).status, 200);
    let user = admin.get(&format!("/admin/get-user?id={id}")).json();
    assert_eq!(
        (&user["banned"], &user["banReason"], &user["banExpires"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
}

fn impossible_bans_change_nothing(backend: Backend) {
    let (_app, mut admin, mut eve, id) = admin_and_user(backend);
    for (field, value) in [
        ("banExpiresIn", json!(-1)),
        ("banExpiresIn", json!(1e300)),
        ("banExpiresIn", json!("60")),
        ("banReason", json!("x".repeat(513))),
        ("banReason", json!("a\u{0}b")),
        ("userId", json!(["x"])),
    ] {
        let mut body = json!({ "userId": id });
        body[field] = value;
        refused(&admin.post("/admin/ban-user", &body), 400, "VALIDATION_ERROR");
    }
    assert!(is_signed_in(&mut eve));
}

fn ac_6_in_somebodys_place_nobody_has_admin_rights_or_takes_the_user_over(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    let own = admin.get("/get-session").json()["session"]["token"].clone();
    let begun = admin.post("/admin/impersonate-user", &json!({ "userId": id }));
    assert_eq!(begun.status, 200, "{}", begun.text);
    let session = begun.json()["session"].clone();
    assert_eq!(
        session["impersonatedBy"],
        app.id_of("admin@example.test").as_str()
    );
    assert!(
        begun
            .set_cookies()
            .iter()
            .all(|cookie| cookie.contains("HttpOnly"))
    );
    refused(
        &admin.get("/admin/list-users"),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_LIST_USERS",
    );
    for (path, body) in [
        (
            "/change-password",
            json!({ "currentPassword": PASSWORD, "newPassword": "nine green bottles" }),
        ),
        ("/change-email", json!({ "newEmail": "mine@example.test" })),
        ("/delete-user", json!({ "password": PASSWORD })),
        ("/revoke-sessions", json!({})),
        ("/revoke-other-sessions", json!({})),
        ("/revoke-session", json!({ "token": "x" })),
        ("/unlink-account", json!({ "accountId": "x" })),
    ] {
        refused(&admin.post(path, &body), 403, "IMPERSONATION_FORBIDS");
    }
    assert!(is_signed_in(&mut eve));
    let listed = eve.get("/list-sessions").json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");

    let stopped = admin.post("/admin/stop-impersonating", &json!({}));
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    assert_ne!(stopped.json()["session"]["token"], own, "SE-4");
    assert!(admin.cookies.keys().all(|name| !name.ends_with("admin_session")));
    assert_eq!(admin.get("/admin/list-users").status, 200);
    let mut late = app.browser();
    let cookies = begun.set_cookies();
    let token = cookies
        .iter()
        .rfind(|cookie| cookie.contains("session_token=") && !cookie.contains("Max-Age=0"));
    let (name, rest) = token.unwrap().split_once('=').unwrap();
    late.cookies
        .insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
    assert!(!is_signed_in(&mut late), "the impersonated session is over");
}

fn ac_6_an_impersonation_ends_after_an_hour_however_busy(backend: Backend) {
    let (app, mut admin, _, id) = admin_and_user(backend);
    assert_eq!(
        admin
            .post("/admin/impersonate-user", &json!({ "userId": id }))
            .status,
        200
    );
    // Without this cookie an ordinary session would be extended.
    admin.cookies.retain(|name, _| !name.ends_with("dont_remember"));
    app.clock.advance(chrono::TimeDelta::minutes(59));
    assert!(is_signed_in(&mut admin));
    app.clock.advance(chrono::TimeDelta::minutes(1));
    assert!(!is_signed_in(&mut admin));
}

fn ac_6_administrators_and_the_banned_are_not_impersonated(backend: Backend) {
    let (app, mut admin, _, id) = admin_and_user(backend);
    drop(app.signed_up_as("second@example.test", "user,admin"));
    let second = app.id_of("second@example.test").to_string();
    refused(
        &admin.post("/admin/impersonate-user", &json!({ "userId": second })),
        403,
        "YOU_CANNOT_IMPERSONATE_ADMINS",
    );
    assert_eq!(
        admin.post("/admin/ban-user", &json!({ "userId": id })).status,
        200
    );
    refused(
        &admin.post("/admin/impersonate-user", &json!({ "userId": id })),
        403,
        "BANNED_USER",
    );
    refused(
        &admin.post("/admin/impersonate-user", &json!({ "userId": "nobody" })),
        404,
        "USER_NOT_FOUND",
    );
}

/// What a banned user is told is one text, whatever the way in.
fn a_banned_user_is_told_what_the_operator_says(backend: Backend) {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let app = TestApp::on_with(backend, preset, |setup| {
            "Ask Bob.".clone_into(&mut setup.settings.admin.banned_user_message);
        });
        let mut admin = app.administrator();
        let body = json!({ "name": "Eve", "email": EVE, "password": PASSWORD, "username": "evelyn" });
        assert_eq!(app.browser().post("/sign-up/email", &body).status, 200);
        let user = json!({ "userId": app.id_of(EVE).as_str() });
        assert_eq!(admin.post("/admin/ban-user", &user).status, 200);
        let by_name = json!({ "username": "evelyn", "password": PASSWORD });
        for answer in [
            sign_in(&app, EVE, PASSWORD),
            app.browser().post("/sign-in/username", &by_name),
            admin.post("/admin/impersonate-user", &user),
        ] {
            refused(&answer, 403, "BANNED_USER");
            assert_eq!(answer.json()["message"], "Ask Bob.");
        }
    }
}

doorward_testing::on_every_backend!(
    a_banned_user_is_told_what_the_operator_says,
    se_6_a_ban_ends_sessions_and_links_at_once,
    en_4_a_ban_is_told_only_after_the_right_password,
    a_ban_with_an_end_is_lifted_by_the_next_sign_in,
    impossible_bans_change_nothing,
    ac_6_in_somebodys_place_nobody_has_admin_rights_or_takes_the_user_over,
    ac_6_an_impersonation_ends_after_an_hour_however_busy,
    ac_6_administrators_and_the_banned_are_not_impersonated,
);
