//! Where Better Auth's own tests once failed against this server.

use doorward_application::settings::Preset;
use doorward_domain::access::{AccessPolicy, permissions};
use doorward_domain::fields::{FieldKind, FieldName, FieldSpec, FieldValue};
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::administration::refused;

fn field(name: &str, kind: FieldKind) -> FieldSpec {
    FieldSpec {
        name: FieldName::parse(name).unwrap(),
        kind,
        required: false,
        default: None,
        input: true,
        returned: true,
    }
}

fn with_fields(preset: Preset, fields: Vec<FieldSpec>) -> TestApp {
    TestApp::with(preset, |setup| setup.settings.user_fields = fields)
}

fn sign_up(browser: &mut Browser, more: &Value) -> doorward_testing::Response {
    let mut body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    browser.post("/sign-up/email", &body)
}

fn user(browser: &mut Browser) -> Value {
    browser.get("/get-session").json()["user"].clone()
}

#[test]
fn a_field_may_be_called_like_a_column_of_a_plugin_that_is_off() {
    let app = TestApp::with(Preset::BetterAuth, |setup| {
        setup.settings.admin.enabled = false;
        setup.settings.username.enabled = false;
        setup.settings.user_fields = vec![
            FieldSpec {
                input: false,
                default: Some(FieldValue::Text("user".to_owned())),
                ..field("role", FieldKind::Text)
            },
            field("username", FieldKind::Text),
        ];
        setup.http.cookie_cache.enabled = true;
    });
    let mut browser = app.browser();
    let answer = sign_up(&mut browser, &json!({ "username": "Ada L." }));
    let expected = (json!("user"), json!("Ada L."));
    let shown = |user: &Value| (user["role"].clone(), user["username"].clone());
    assert_eq!(shown(&answer.json()["user"]), expected, "{}", answer.text);
    assert_eq!(shown(&user(&mut browser)), expected, "out of the cookie");
    refused(
        &browser.post("/update-user", &json!({ "role": "admin" })),
        400,
        "FIELD_NOT_ALLOWED",
    );
}

#[test]
fn texts_of_fields_have_line_breaks_and_tabs() {
    let app = with_fields(Preset::Hardened, vec![field("bio", FieldKind::Text)]);
    let mut browser = app.browser();
    let text = "one\r\n\ttwo";
    let answer = sign_up(&mut browser, &json!({ "bio": text }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(user(&mut browser)["bio"], text);
    for bad in ["a\u{0}b", "a\u{1b}b", "a\u{7f}"] {
        refused(
            &browser.post("/update-user", &json!({ "bio": bad })),
            400,
            "VALIDATION_ERROR",
        );
    }
    let mut admin = app.administrator();
    let id = app.id_of("ada@example.test");
    let change = json!({ "userId": id.as_str(), "data": { "bio": "three\nfour" } });
    let answer = admin.post("/admin/update-user", &change);
    assert_eq!(answer.json()["bio"], "three\nfour", "{}", answer.text);
    let change = json!({ "userId": id.as_str(), "data": { "name": "three\nfour" } });
    refused(
        &admin.post("/admin/update-user", &change),
        400,
        "VALIDATION_ERROR",
    );
    let change = json!({ "userId": id.as_str(), "data": { "banReason": "a\u{1b}b" } });
    refused(
        &admin.post("/admin/update-user", &change),
        400,
        "VALIDATION_ERROR",
    );
}

#[test]
fn in_3_the_length_of_texts_is_a_limit_of_the_hardened_preset() {
    let fields = || vec![field("bio", FieldKind::Text)];
    let long = json!({ "bio": "x".repeat(4097) });
    let hardened = with_fields(Preset::Hardened, fields());
    let answer = sign_up(&mut hardened.browser(), &long);
    refused(&answer, 400, "VALIDATION_ERROR");
    assert!(answer.text.contains("4096 characters"), "{}", answer.text);
    let original = with_fields(Preset::BetterAuth, fields());
    assert_eq!(sign_up(&mut original.browser(), &long).status, 200);
}

#[test]
fn in_3_the_length_of_a_picture_is_a_limit_of_the_hardened_preset() {
    let long = json!({ "image": format!("https://images.example.test/{}", "x".repeat(2048)) });
    let hardened = TestApp::start();
    refused(&sign_up(&mut hardened.browser(), &long), 400, "VALIDATION_ERROR");
    let original = TestApp::with(Preset::BetterAuth, |_| {});
    let mut browser = original.browser();
    assert_eq!(sign_up(&mut browser, &long).status, 200);
    assert_eq!(user(&mut browser)["image"], long["image"]);
}

#[test]
fn fields_take_what_forms_send() {
    let app = with_fields(
        Preset::Hardened,
        vec![
            field("number", FieldKind::Number),
            field("day", FieldKind::DateTime),
            field("flag", FieldKind::Bool),
        ],
    );
    let mut browser = app.browser();
    let answer = sign_up(
        &mut browser,
        &json!({ "number": "7", "day": "2020-01-02", "flag": 1 }),
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    let ada = user(&mut browser);
    assert_eq!(
        (&ada["number"], &ada["day"], &ada["flag"]),
        (&json!(7), &json!("2020-01-02T00:00:00.000Z"), &json!(true))
    );
    assert_eq!(browser.post("/update-user", &json!({ "flag": 0 })).status, 200);
    assert_eq!(user(&mut browser)["flag"], false);
    for bad in [
        json!({ "number": "7.5" }),
        json!({ "number": "" }),
        json!({ "number": "99999999999" }),
        json!({ "flag": 2 }),
        json!({ "flag": "true" }),
        json!({ "day": "2020-02-30" }),
    ] {
        refused(&browser.post("/update-user", &bad), 400, "VALIDATION_ERROR");
    }
}

#[test]
fn in_1_dates_outside_of_four_digit_years_are_refused_everywhere() {
    let app = with_fields(Preset::Hardened, vec![field("day", FieldKind::DateTime)]);
    let mut admin = app.administrator();
    let id = app.id_of("admin@example.test");
    for date in [
        "-4800-01-01T00:00:00Z",
        "-4800-01-01",
        "+10000-01-01T00:00:00Z",
        "0000-12-31T23:59:59Z",
    ] {
        let answer = sign_up(&mut app.browser(), &json!({ "day": date }));
        refused(&answer, 400, "VALIDATION_ERROR");
        refused(
            &admin.post("/update-user", &json!({ "day": date })),
            400,
            "VALIDATION_ERROR",
        );
        let change = json!({ "userId": id.as_str(), "data": { "banExpires": date } });
        refused(
            &admin.post("/admin/update-user", &change),
            400,
            "VALIDATION_ERROR",
        );
        let date = date.replace('+', "%2B");
        let filter = format!("/admin/list-users?filterField=createdAt&filterOperator=gt&filterValue={date}");
        refused(&admin.get(&filter), 400, "VALIDATION_ERROR");
    }
    // [{"moment":-213000000000000},"a"], some 6,700 years before 1970.
    let cursor = "W3sibW9tZW50IjotMjEzMDAwMDAwMDAwMDAwfSwiYSJd";
    let page = format!("/admin/list-users?sortBy=createdAt&cursor={cursor}");
    refused(&admin.get(&page), 400, "VALIDATION_ERROR");
}

#[test]
fn administrators_give_usernames() {
    let app = TestApp::start();
    let mut admin = app.administrator();
    let new = |number: u8, data: Value| json!({ "name": "James", "email": format!("james-{number}@example.test"), "password": PASSWORD, "data": data });
    let answer = admin.post("/admin/create-user", &new(0, json!({ "username": "JamesSmith" })));
    let james = answer.json()["user"].clone();
    assert_eq!(
        (&james["username"], &james["displayUsername"]),
        (&json!("jamessmith"), &json!("JamesSmith")),
        "{}",
        answer.text
    );
    for (name, code) in [
        ("JAMESSMITH", "USERNAME_IS_ALREADY_TAKEN"),
        ("no good!", "INVALID_USERNAME"),
        ("ab", "USERNAME_TOO_SHORT"),
        ("", "USERNAME_TOO_SHORT"),
    ] {
        let answer = admin.post("/admin/create-user", &new(1, json!({ "username": name })));
        refused(&answer, 400, code);
    }
    let other = admin.post("/admin/create-user", &new(2, json!({})));
    let id = other.json()["user"]["id"].clone();
    let change = |data: Value| json!({ "userId": id, "data": data });
    for (name, code) in [
        ("JamesSmith", "USERNAME_IS_ALREADY_TAKEN"),
        ("no good!", "INVALID_USERNAME"),
        ("ab", "USERNAME_TOO_SHORT"),
    ] {
        let answer = admin.post("/admin/update-user", &change(json!({ "username": name })));
        refused(&answer, 400, code);
    }
    let renamed = admin.post("/admin/update-user", &change(json!({ "username": "Renamed_1" })));
    assert_eq!(renamed.json()["username"], "renamed_1", "{}", renamed.text);
    let shown = admin.post(
        "/admin/update-user",
        &change(json!({ "displayUsername": "Re Named" })),
    );
    assert_eq!(
        (&shown.json()["username"], &shown.json()["displayUsername"]),
        (&json!("renamed_1"), &json!("Re Named"))
    );
    let sign_in = json!({ "username": "Renamed_1", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/username", &sign_in).status, 200);
}

#[test]
fn the_display_name_is_changed_alone() {
    let app = TestApp::start();
    let mut browser = app.browser();
    sign_up(&mut browser, &json!({ "username": "ada_l" }));
    let answer = browser.post("/update-user", &json!({ "displayUsername": "Ada L" }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let ada = user(&mut browser);
    assert_eq!(
        (&ada["username"], &ada["displayUsername"]),
        (&json!("ada_l"), &json!("Ada L"))
    );
}

#[test]
fn a_display_name_at_sign_up_makes_a_username_if_it_is_one() {
    let app = TestApp::start();
    let named = |email: &str, display: &str| {
        let body = json!({ "email": email, "displayUsername": display });
        let answer = sign_up(&mut app.browser(), &body);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let user = answer.json()["user"].clone();
        (user["username"].clone(), user["displayUsername"].clone())
    };
    assert_eq!(
        named("a@example.test", "Test_Username"),
        (json!("test_username"), json!("Test_Username"))
    );
    assert_eq!(
        named("b@example.test", "Invalid Username"),
        (Value::Null, json!("Invalid Username"))
    );
    let taken = json!({ "email": "c@example.test", "displayUsername": "TEST_USERNAME" });
    refused(
        &sign_up(&mut app.browser(), &taken),
        400,
        "USERNAME_IS_ALREADY_TAKEN",
    );
}

#[test]
fn an_empty_username_is_too_short() {
    let app = TestApp::start();
    for body in [
        json!({ "username": "" }),
        json!({ "username": "", "displayUsername": "Ada" }),
    ] {
        refused(&sign_up(&mut app.browser(), &body), 400, "USERNAME_TOO_SHORT");
    }
    let mut browser = app.signed_up("ada@example.test");
    let answer = browser.post("/update-user", &json!({ "username": "" }));
    refused(&answer, 400, "USERNAME_TOO_SHORT");
    let answer = browser.post("/is-username-available", &json!({ "username": "" }));
    refused(&answer, 422, "INVALID_USERNAME");
}

#[test]
fn expo_apps_are_trusted_by_their_patterns() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        let patterns = ["exp://192.168.*.*:*/*", "myapp:/", "otherapp://host/cb"];
        setup.http.trusted_origins = patterns.map(str::to_owned).into();
    });
    let mut browser = app.signed_up("ada@example.test");
    let mut from = |origin: &str| {
        browser.origin = Some(origin.to_owned());
        browser.post("/update-user", &json!({ "name": "Ada" })).status
    };
    for trusted in [
        "exp://192.168.7.9:8081",
        "exp://192.168.7.9",
        "myapp://",
        "otherapp://host",
    ] {
        assert_eq!(from(trusted), 200, "{trusted}");
    }
    for stranger in [
        "exp://192.169.7.9:8081",
        "exp://192.168.7.9.evil.test:8081",
        "http://192.168.7.9:8081",
        "otherapp://evil",
    ] {
        assert_eq!(from(stranger), 403, "{stranger}");
    }
}

#[test]
fn impersonation_clears_a_cached_session_while_there_is_no_cache() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    let id = app.id_of("ada@example.test");
    let mut admin = app.administrator();
    let answer = admin.post("/admin/impersonate-user", &json!({ "userId": id.as_str() }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let cookies = answer.set_cookies();
    let cleared =
        |cookie: &String| cookie.starts_with("better-auth.session_data=;") && cookie.contains("Max-Age=0");
    assert!(cookies.iter().any(cleared), "{cookies:?}");
}

#[test]
fn users_are_listed_by_better_auths_other_name_of_the_id() {
    let app = TestApp::start();
    drop(app.signed_up("ada@example.test"));
    let mut admin = app.administrator();
    let id = app.id_of("ada@example.test");
    let query = format!(
        "/admin/list-users?filterField=_id&filterOperator=ne&filterValue={}&sortBy=_id",
        id.as_str()
    );
    let answer = admin.get(&query);
    assert_eq!(answer.json()["total"], 1, "{}", answer.text);
    assert_eq!(answer.json()["users"][0]["email"], "admin@example.test");
}

fn filters_by_several_values_repeat_the_parameter(backend: Backend) {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let app = TestApp::on_with(backend, preset, |_| {});
        for name in ["ada", "bob"] {
            drop(app.signed_up(&format!("{name}@example.test")));
        }
        let mut admin = app.administrator();
        let values = "filterValue=ada@example.test&filterValue=bob@example.test";
        for (operator, total) in [("in", 2), ("not_in", 1)] {
            let query = format!("/admin/list-users?filterOperator={operator}&{values}");
            let answer = admin.get(&query);
            assert_eq!(answer.json()["total"], total, "{operator} {}", answer.text);
        }
        for operator in ["eq", "ne", "contains", "gt"] {
            let several = admin.get(&format!("/admin/list-users?filterOperator={operator}&{values}"));
            if preset == Preset::Hardened {
                refused(&several, 400, "VALIDATION_ERROR");
            } else {
                let nobody = (several.json()["users"].clone(), several.json()["total"].clone());
                assert_eq!(nobody, (json!([]), json!(0)), "{operator}: {}", several.text);
            }
        }
    }
}

#[test]
fn a_disabled_path_answers_not_found_in_words() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.http.disabled_paths = vec!["/sign-up/email".to_owned()];
    });
    for method in ["POST", "GET"] {
        let answer = app
            .browser()
            .send(method, "/api/auth/sign-up/email", Some("application/json"), b"{}");
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (404, "Not Found"),
            "{method}"
        );
    }
    assert_eq!(app.browser().get("/no-such-path").text, "");
}

#[test]
fn ac_3_a_verified_address_needs_the_permission_for_addresses() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        let clerk = [permissions::user::CREATE, permissions::user::LIST];
        let policy = AccessPolicy::builder().role("clerk", clerk).build();
        setup.settings.access = policy.unwrap();
    });
    let mut clerk = app.signed_up_as("clerk@example.test", "clerk");
    let body = |data: Value| json!({ "name": "Bob", "email": "bob@example.test", "data": data });
    refused(
        &clerk.post("/admin/create-user", &body(json!({ "emailVerified": true }))),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_SET_USERS_EMAIL",
    );
    assert_eq!(clerk.post("/admin/create-user", &body(json!({}))).status, 200);
}

fn a_deleted_users_username_is_free_until_they_come_back(backend: Backend) {
    let app = TestApp::on(backend);
    let mut admin = app.administrator();
    let remove = |admin: &mut Browser, email: &str| {
        let id = app.id_of(email).as_str().to_owned();
        let answer = admin.post("/admin/remove-user", &json!({ "userId": id }));
        assert_eq!(answer.status, 200, "{}", answer.text);
        id
    };
    sign_up(&mut app.browser(), &json!({ "username": "ada" }));
    let first = remove(&mut admin, "ada@example.test");
    let restored = admin.post("/admin/restore-user", &json!({ "userId": first }));
    assert_eq!(restored.status, 200, "{}", restored.text);
    let sign_in = json!({ "username": "ada", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/username", &sign_in).status, 200);

    remove(&mut admin, "ada@example.test");
    let free = app
        .browser()
        .post("/is-username-available", &json!({ "username": "ada" }));
    assert_eq!(free.json()["available"], true);
    let other = json!({ "username": "ada", "email": "other@example.test" });
    let answer = sign_up(&mut app.browser(), &other);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let restored = admin.post("/admin/restore-user", &json!({ "userId": first }));
    assert_eq!(restored.status, 200, "{}", restored.text);
    let found = admin.get(&format!("/admin/get-user?id={first}"));
    assert_eq!(found.json()["username"], Value::Null, "somebody has it by now");
}

doorward_testing::on_every_backend!(
    filters_by_several_values_repeat_the_parameter,
    a_deleted_users_username_is_free_until_they_come_back,
);
