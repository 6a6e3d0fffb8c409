//! Looking after other people's users.

use doorward_application::settings::Preset;
use doorward_domain::Secret;
use doorward_domain::email::EmailKind;
use doorward_testing::{Backend, Browser, PASSWORD, Response, TestApp};
use serde_json::{Value, json};

use crate::races::together;

pub(crate) const EVE: &str = "eve@example.test";

pub(crate) fn refused(answer: &Response, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (status, code),
        "{}",
        answer.text
    );
}

pub(crate) fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/get-session").json() != Value::Null
}

pub(crate) fn sign_in(app: &TestApp, email: &str, password: &str) -> Response {
    app.browser()
        .post("/sign-in/email", &json!({ "email": email, "password": password }))
}

/// An administrator, Eve, and Eve's id.
pub(crate) fn admin_and_user(backend: Backend) -> (TestApp, Browser, Browser, String) {
    let app = TestApp::on(backend);
    let (admin, eve) = (app.administrator(), app.signed_up(EVE));
    let id = app.id_of(EVE).to_string();
    (app, admin, eve, id)
}

fn ac_5_the_last_administrator_stays(backend: Backend) {
    let app = TestApp::on(backend);
    let mut admin = app.administrator();
    let id = app.id_of("admin@example.test").to_string();
    let demotion = json!({ "userId": id, "role": "user" });
    refused(
        &admin.post("/admin/set-role", &demotion),
        400,
        "LAST_ADMINISTRATOR",
    );
    let update = json!({ "userId": id, "data": { "role": "user", "name": "Nobody" } });
    refused(
        &admin.post("/admin/update-user", &update),
        400,
        "LAST_ADMINISTRATOR",
    );
    refused(
        &admin.post("/admin/remove-user", &json!({ "userId": id })),
        400,
        "YOU_CANNOT_REMOVE_YOURSELF",
    );
    refused(
        &admin.post("/admin/ban-user", &json!({ "userId": id })),
        400,
        "YOU_CANNOT_BAN_YOURSELF",
    );
    refused(
        &admin.post("/delete-user", &json!({ "password": PASSWORD })),
        400,
        "LAST_ADMINISTRATOR",
    );
    let user = admin.get("/get-session").json()["user"].clone();
    assert_eq!((&user["role"], &user["name"]), (&json!("admin"), &json!("Ada")));

    // A second one who is banned does not count.
    let mut second = app.signed_up_as("second@example.test", "user,admin");
    let other = app.id_of("second@example.test").to_string();
    assert_eq!(
        admin.post("/admin/ban-user", &json!({ "userId": other })).status,
        200
    );
    refused(
        &admin.post("/admin/set-role", &demotion),
        400,
        "LAST_ADMINISTRATOR",
    );
    assert!(!is_signed_in(&mut second));
    assert_eq!(
        admin
            .post("/admin/unban-user", &json!({ "userId": other }))
            .status,
        200
    );
    assert_eq!(admin.post("/admin/set-role", &demotion).status, 200);
    refused(
        &admin.get("/admin/list-users"),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_LIST_USERS",
    );
}

fn ac_5_of_administrators_who_remove_each_other_one_remains(backend: Backend) {
    let app = TestApp::on(backend);
    let count = 6;
    let email = |number: usize| format!("admin-{number}@example.test");
    let admins: Vec<_> = (0..count)
        .map(|number| app.signed_up_as(&email(number), "admin"))
        .collect();
    let ids: Vec<_> = (0..count)
        .map(|number| app.id_of(&email(number)).to_string())
        .collect();
    together(count, |number| {
        let mut admin = admins[number].clone();
        for (other, id) in ids.iter().enumerate().filter(|(other, _)| *other != number) {
            let body = json!({ "userId": id });
            match other % 3 {
                0 => admin.post("/admin/remove-user", &body),
                1 => admin.post("/admin/ban-user", &body),
                _ => admin.post("/admin/set-role", &json!({ "userId": id, "role": "user" })),
            };
        }
    });
    let working = admins.into_iter().filter_map(|mut admin| {
        let answer = admin.get("/admin/list-users");
        (answer.status == 200).then_some(())
    });
    assert_eq!(working.count(), 1);
}

fn ac_7_only_declared_roles_are_given(backend: Backend) {
    let (_app, mut admin, _, id) = admin_and_user(backend);
    let code = "YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE";
    for role in [
        json!("king"),
        json!(["user", "king"]),
        json!("user,king"),
        json!("Admin"),
    ] {
        refused(
            &admin.post("/admin/set-role", &json!({ "userId": id, "role": role })),
            400,
            code,
        );
        let user = json!({ "name": "X", "email": "x@example.test", "role": role });
        refused(&admin.post("/admin/create-user", &user), 400, code);
        refused(
            &admin.post(
                "/admin/update-user",
                &json!({ "userId": id, "data": { "role": role } }),
            ),
            400,
            code,
        );
    }
    for role in [
        json!(7),
        json!(null),
        json!([]),
        json!([7]),
        json!(""),
        json!({}),
        json!("a b"),
    ] {
        let answer = admin.post("/admin/set-role", &json!({ "userId": id, "role": role }));
        assert_eq!(answer.status, 400, "{role}: {}", answer.text);
    }
    let user = admin.get(&format!("/admin/get-user?id={id}")).json();
    assert_eq!(user["role"], "user");
}

fn pw_12_a_password_set_by_an_administrator_ends_the_sessions(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    let body = json!({ "userId": id, "newPassword": "nine green bottles" });
    assert_eq!(admin.post("/admin/set-user-password", &body).status, 200);
    assert!(!is_signed_in(&mut eve));
    assert_eq!(sign_in(&app, EVE, "nine green bottles").status, 200);
    for (password, code) in [
        ("password123", "PASSWORD_TOO_COMMON"),
        (EVE, "PASSWORD_TOO_COMMON"),
        ("short", "PASSWORD_TOO_SHORT"),
    ] {
        let body = json!({ "userId": id, "newPassword": password });
        refused(&admin.post("/admin/set-user-password", &body), 400, code);
    }
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.admin.allow_setting_passwords = false;
    });
    let (mut admin, _) = (app.administrator(), app.signed_up(EVE));
    let body = json!({ "userId": app.id_of(EVE).as_str(), "newPassword": "nine green bottles" });
    refused(
        &admin.post("/admin/set-user-password", &body),
        403,
        "SETTING_PASSWORDS_DISABLED",
    );
}

fn pw_12_an_administrator_starts_a_reset_and_learns_nothing(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    drop(app.sent_emails());
    let body = json!({ "userId": id, "redirectTo": "/new-password" });
    let answer = admin.post("/admin/send-password-reset", &body);
    assert_eq!((answer.status, &*answer.text), (200, r#"{"status":true}"#));
    assert!(is_signed_in(&mut eve), "nothing changes until the link is used");
    let emails = app.sent_emails();
    assert_eq!(emails.len(), 1);
    assert_eq!(
        (emails[0].to.as_str(), &emails[0].kind),
        (EVE, &EmailKind::ResetPassword)
    );
    let link = emails[0].link.expose();
    assert!(link.ends_with("?callbackURL=%2Fnew-password"), "{link}");
    let token = link.split('?').next().unwrap().rsplit('/').next().unwrap();
    let new = json!({ "token": token, "newPassword": "nine green bottles" });
    assert_eq!(app.browser().post("/reset-password", &new).status, 200);
    assert_eq!(sign_in(&app, EVE, "nine green bottles").status, 200);

    let unknown = json!({ "userId": "nobody" });
    refused(
        &admin.post("/admin/send-password-reset", &unknown),
        404,
        "USER_NOT_FOUND",
    );
    let elsewhere = json!({ "userId": id, "redirectTo": "https://evil.test/" });
    assert_eq!(admin.post("/admin/send-password-reset", &elsewhere).status, 403);
    for _ in 0..4 {
        assert_eq!(admin.post("/admin/send-password-reset", &body).status, 200);
    }
    refused(
        &admin.post("/admin/send-password-reset", &body),
        429,
        "TOO_MANY_EMAILS",
    );
    assert_eq!(
        app.sent_emails().len(),
        5,
        "one of them says that the password was reset"
    );
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.email_and_password.send_reset_password = false;
    });
    let mut admin = app.administrator();
    let body = json!({ "userId": app.id_of("admin@example.test").as_str() });
    refused(
        &admin.post("/admin/send-password-reset", &body),
        400,
        "RESET_PASSWORD_DISABLED",
    );
}

fn a_removed_user_can_be_restored_until_somebody_takes_the_address(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    let body = json!({ "userId": id });
    refused(&admin.post("/admin/restore-user", &body), 400, "USER_NOT_DELETED");
    assert_eq!(admin.post("/admin/remove-user", &body).status, 200);
    assert!(!is_signed_in(&mut eve));
    refused(&admin.post("/admin/remove-user", &body), 404, "USER_NOT_FOUND");
    let removed = admin.get("/admin/list-users?deleted=true").json();
    assert_eq!(
        (&removed["total"], &removed["users"][0]["id"]),
        (&json!(1), &json!(id))
    );
    let restored = admin.post("/admin/restore-user", &body);
    assert_eq!(
        (restored.status, &restored.json()["user"]["email"]),
        (200, &json!(EVE))
    );
    assert_eq!(sign_in(&app, EVE, PASSWORD).status, 200);

    assert_eq!(admin.post("/admin/remove-user", &body).status, 200);
    drop(app.signed_up(EVE));
    refused(
        &admin.post("/admin/restore-user", &body),
        400,
        "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL",
    );
    refused(
        &admin.post("/admin/restore-user", &json!({ "userId": "nobody" })),
        404,
        "USER_NOT_FOUND",
    );
}

fn an_explanation_says_what_decides(backend: Backend) {
    let (app, mut admin, _, id) = admin_and_user(backend);
    let mut explain = |user: &str, permission: &str| {
        admin
            .get(&format!("/admin/explain?userId={user}&permission={permission}"))
            .json()
    };
    let root = app.id_of("admin@example.test").to_string();
    assert_eq!(
        explain(&root, "user:ban"),
        json!({ "permitted": true, "because": "role", "role": "admin" })
    );
    assert_eq!(
        explain(&id, "user:ban"),
        json!({ "permitted": false, "because": "missing", "roles": ["user"], "grantedBy": ["admin"] })
    );
    assert_eq!(
        explain(&id, "user:bann"),
        json!({ "permitted": false, "because": "undeclared", "nearest": "user:ban" })
    );
    assert_eq!(explain(&id, "nonsense")["code"], "VALIDATION_ERROR");
    assert_eq!(explain("nobody", "user:ban")["code"], "USER_NOT_FOUND");
    assert_eq!(
        admin.post("/admin/ban-user", &json!({ "userId": id })).status,
        200
    );
    let path = format!("/admin/explain?userId={id}&permission=user:ban");
    assert_eq!(
        admin.get(&path).json(),
        json!({ "permitted": false, "because": "banned" })
    );
    assert_eq!(
        admin.post("/admin/remove-user", &json!({ "userId": id })).status,
        200
    );
    assert_eq!(
        admin.get(&path).json(),
        json!({ "permitted": false, "because": "deleted" })
    );
}

fn ac_8_the_first_administrator_is_made_once(backend: Backend) {
    let secret = "a-set-up-token-of-32-characters!";
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.admin.setup_token = Some(Secret::new(secret.to_owned()));
    });
    let body = |number: usize, token: &str| json!({ "token": token, "name": "Root", "email": format!("root-{number}@example.test"), "password": PASSWORD });
    refused(
        &app.browser()
            .post("/admin/set-up", &body(0, "another-set-up-token-of-32-chars")),
        401,
        "INVALID_SET_UP_TOKEN",
    );
    let statuses = together(8, |number| {
        app.browser().post("/admin/set-up", &body(number, secret)).status
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 403).count(),
        7,
        "{statuses:?}"
    );
    let number = statuses.iter().position(|status| *status == 200).unwrap();
    let mut admin = app.browser();
    let sign_in = json!({ "email": format!("root-{number}@example.test"), "password": PASSWORD });
    assert_eq!(admin.post("/sign-in/email", &sign_in).status, 200);
    assert_eq!(admin.get("/admin/list-users").json()["total"], 1);
}

fn an_administrator_writes_the_listed_fields_and_no_others(backend: Backend) {
    let (_app, mut admin, _, id) = admin_and_user(backend);
    let update = |admin: &mut Browser, data: Value| {
        admin.post("/admin/update-user", &json!({ "userId": id, "data": data }))
    };
    refused(
        &update(&mut admin, json!({ "password": "x" })),
        400,
        "PASSWORD_CANNOT_BE_UPDATED_VIA_UPDATE_USER",
    );
    refused(
        &update(&mut admin, json!({ "id": "x" })),
        400,
        "USER_ID_CANNOT_BE_UPDATED",
    );
    refused(&update(&mut admin, json!({ "name": 7 })), 400, "VALIDATION_ERROR");
    refused(
        &update(&mut admin, json!({ "image": "javascript:alert(1)" })),
        400,
        "VALIDATION_ERROR",
    );
    refused(
        &update(&mut admin, json!({ "emailVerified": "yes" })),
        400,
        "VALIDATION_ERROR",
    );
    refused(
        &update(&mut admin, json!({ "banExpires": "soon" })),
        400,
        "VALIDATION_ERROR",
    );
    refused(&update(&mut admin, json!("text")), 400, "VALIDATION_ERROR");
    let before = admin.get(&format!("/admin/get-user?id={id}")).json();
    let ignored =
        json!({ "createdAt": "2000-01-01T00:00:00Z", "deletedAt": "2000-01-01T00:00:00Z", "nonsense": 1 });
    let answer = update(&mut admin, ignored);
    assert_eq!(answer.status, 200);
    let mut after = answer.json();
    after["updatedAt"] = before["updatedAt"].clone();
    assert_eq!(after, before);
    let reason = update(&mut admin, json!({ "banned": true, "banReason": "spam" })).json();
    assert_eq!(
        (&reason["banned"], &reason["banReason"]),
        (&json!(true), &json!("spam"))
    );
    let other = update(&mut admin, json!({ "banReason": "more spam" })).json();
    assert_eq!(
        (&other["banned"], &other["banReason"]),
        (&json!(true), &json!("more spam"))
    );
}

doorward_testing::on_every_backend!(
    ac_5_the_last_administrator_stays,
    ac_5_of_administrators_who_remove_each_other_one_remains,
    ac_7_only_declared_roles_are_given,
    pw_12_a_password_set_by_an_administrator_ends_the_sessions,
    pw_12_an_administrator_starts_a_reset_and_learns_nothing,
    a_removed_user_can_be_restored_until_somebody_takes_the_address,
    an_explanation_says_what_decides,
    ac_8_the_first_administrator_is_made_once,
    an_administrator_writes_the_listed_fields_and_no_others,
);
