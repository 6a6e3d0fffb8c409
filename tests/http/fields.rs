//! Fields that an application adds to users and sessions.

use doorward_application::settings::Preset;
use doorward_domain::fields::{FieldKind, FieldName, FieldSpec, FieldValue};
use doorward_testing::{PASSWORD, TestApp};
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

fn app() -> TestApp {
    TestApp::with(Preset::Hardened, |setup| {
        setup.settings.user_fields = vec![
            FieldSpec {
                required: true,
                ..field("department", FieldKind::Text)
            },
            field("points", FieldKind::Number),
            field("newsletter", FieldKind::Bool),
            field("since", FieldKind::DateTime),
            FieldSpec {
                input: false,
                default: Some(FieldValue::Text("free".to_owned())),
                ..field("plan", FieldKind::Text)
            },
            FieldSpec {
                input: false,
                ..field("badge", FieldKind::Text)
            },
            FieldSpec {
                returned: false,
                ..field("notes", FieldKind::Text)
            },
        ];
        setup.settings.session_fields = vec![field("theme", FieldKind::Text)];
    })
}

fn ada(more: &Value) -> Value {
    let mut body =
        json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD, "department": "engines" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn values_are_taken_kept_and_shown() {
    let app = app();
    let mut browser = app.browser();
    let more = json!({ "points": 3, "newsletter": true, "since": "2026-01-02T03:04:05Z", "notes": "secret", "plan": "gold" });
    let user = browser.post("/sign-up/email", &ada(&more)).json()["user"].clone();
    for (name, value) in [
        ("department", json!("engines")),
        ("points", json!(3)),
        ("newsletter", json!(true)),
        ("since", json!("2026-01-02T03:04:05.000Z")),
        ("plan", json!("free")),
        ("badge", Value::Null),
    ] {
        assert_eq!(user[name], value, "{name}");
    }
    assert_eq!(user.get("notes"), None);
    let change = json!({ "points": null, "department": "analysis", "notes": "another secret" });
    assert_eq!(browser.post("/update-user", &change).status, 200);
    let answer = browser.get("/get-session");
    let user = &answer.json()["user"];
    assert_eq!(
        (&user["points"], &user["department"], &user["newsletter"]),
        (&Value::Null, &json!("analysis"), &json!(true))
    );
    assert!(!answer.text.contains("secret"), "{}", answer.text);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let app = app();
    let mut nameless = ada(&json!({}));
    nameless.as_object_mut().unwrap().remove("department");
    refused(
        &app.browser().post("/sign-up/email", &nameless),
        400,
        "MISSING_FIELD",
    );
    refused(
        &app.browser()
            .post("/sign-up/email", &ada(&json!({ "badge": "gold" }))),
        400,
        "FIELD_NOT_ALLOWED",
    );
    let wrong = [
        ("department", json!(7)),
        ("department", json!("a\u{0}b")),
        ("department", json!("x".repeat(4097))),
        ("points", json!("3.5")),
        ("points", json!(3.5)),
        ("points", json!(3_000_000_000_i64)),
        ("newsletter", json!("yes")),
        ("since", json!("soon")),
        ("since", json!({})),
    ];
    for (name, value) in &wrong {
        let body = ada(&json!({ *name: value }));
        refused(
            &app.browser().post("/sign-up/email", &body),
            400,
            "VALIDATION_ERROR",
        );
    }
    let mut browser = app.browser();
    assert_eq!(browser.post("/sign-up/email", &ada(&json!({}))).status, 200);
    for (name, value) in &wrong {
        refused(
            &browser.post("/update-user", &json!({ "name": "Changed", *name: value })),
            400,
            "VALIDATION_ERROR",
        );
    }
    refused(
        &browser.post("/update-user", &json!({ "department": null })),
        400,
        "VALIDATION_ERROR",
    );
    for name in ["plan", "badge"] {
        refused(
            &browser.post("/update-user", &json!({ name: "gold" })),
            400,
            "FIELD_NOT_ALLOWED",
        );
    }
    let user = browser.get("/get-session").json()["user"].clone();
    assert_eq!(
        (&user["name"], &user["plan"], &user["badge"]),
        (&json!("Ada"), &json!("free"), &Value::Null)
    );
}

#[test]
fn a_session_has_fields_of_its_own() {
    let app = app();
    let mut browser = app.browser();
    assert_eq!(browser.post("/sign-up/email", &ada(&json!({}))).status, 200);
    refused(
        &browser.post("/update-session", &json!({ "theme": 7 })),
        400,
        "VALIDATION_ERROR",
    );
    let unknown = browser.post(
        "/update-session",
        &json!({ "userId": "x", "expiresAt": "2099-01-01T00:00:00Z" }),
    );
    assert_eq!(
        (unknown.status, unknown.text.contains("No fields to update")),
        (400, true)
    );
    let answer = browser.post("/update-session", &json!({ "theme": "dark", "userId": "x" }));
    assert_eq!(
        (answer.status, &answer.json()["session"]["theme"]),
        (200, &json!("dark"))
    );
    let session = browser.get("/get-session").json()["session"].clone();
    assert_eq!(
        (&session["theme"], &session["userId"]),
        (&json!("dark"), &json!(app.id_of("ada@example.test").as_str()))
    );
}

#[test]
fn an_administrator_writes_what_users_may_not() {
    let app = app();
    assert_eq!(app.browser().post("/sign-up/email", &ada(&json!({}))).status, 200);
    let mut admin = app.browser();
    let root =
        json!({ "name": "Root", "email": "root@example.test", "password": PASSWORD, "department": "it" });
    assert_eq!(admin.post("/sign-up/email", &root).status, 200);
    app.grant("root@example.test", "admin");
    let id = app.id_of("ada@example.test").to_string();
    let change = json!({ "userId": id, "data": { "plan": "gold", "badge": "captain" } });
    let user = admin.post("/admin/update-user", &change).json();
    assert_eq!(
        (&user["plan"], &user["badge"], &user["department"]),
        (&json!("gold"), &json!("captain"), &json!("engines"))
    );
    refused(
        &admin.post(
            "/admin/update-user",
            &json!({ "userId": id, "data": { "plan": 7 } }),
        ),
        400,
        "VALIDATION_ERROR",
    );
}
