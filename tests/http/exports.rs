//! Everything held about a user, for the user, administrators and modules.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::hooks::ExportPart;
use doorward_application::settings::Preset;
use doorward_domain::access::AccessPolicy;
use doorward_domain::fields::{FieldKind, FieldName, FieldSpec};
use doorward_domain::{StoreError, Transaction, UserId};
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::administration::{EVE, admin_and_user, refused};

fn exported(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.get(path);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("content-disposition").starts_with("attachment"));
    answer.json()
}

fn kinds(export: &Value) -> Vec<&str> {
    let events = export["auditEvents"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

fn dt_2_an_export_has_everything_and_no_secret(backend: Backend) {
    let app = TestApp::on(backend);
    let mut other = app.browser();
    other.headers = vec![("user-agent".to_owned(), "Analytical Engine/1".to_owned())];
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD, "username": "countess",
        "image": "https://example.test/ada.png" });
    let answer = other.post("/sign-up/email", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    app.clock.advance(chrono::TimeDelta::seconds(1));
    let mut ada = app.browser();
    ada.headers = vec![("user-agent".to_owned(), "Difference Engine/2".to_owned())];
    let body = json!({ "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(ada.post("/sign-in/email", &body).status, 200);
    let body = json!({ "email": "ada@example.test" });
    assert_eq!(ada.post("/request-password-reset", &body).status, 200);

    let export = exported(&mut ada, "/export-user");
    let user = &export["user"];
    assert_eq!(user["id"], app.id_of("ada@example.test").as_str());
    for (field, value) in [
        ("name", json!("Ada")),
        ("email", json!("ada@example.test")),
        ("username", json!("countess")),
        ("image", json!("https://example.test/ada.png")),
        ("role", json!("user")),
        ("deletedAt", Value::Null),
    ] {
        assert_eq!(user[field], value, "{field}");
    }
    assert_eq!(export["accounts"][0]["providerId"], "credential");
    assert_eq!(export["accounts"][0]["hasPassword"], true);
    let browsers: Vec<_> = export["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| {
            (
                session["userAgent"].as_str().unwrap(),
                session["ipAddress"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        browsers,
        [
            ("Analytical Engine/1", "127.0.0.1"),
            ("Difference Engine/2", "127.0.0.1")
        ]
    );
    assert_eq!(export["sessions"][0]["methods"], json!(["pwd"]));
    assert_eq!(export["verifications"][0]["purpose"], "reset-password");
    let emails: Vec<_> = export["emails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|email| &email["kind"])
        .collect();
    assert!(emails.contains(&&json!("reset_password")), "{emails:?}");
    for kind in [
        "user.signed_up",
        "session.issued",
        "password.reset_requested",
        "user.exported",
    ] {
        assert!(kinds(&export).contains(&kind), "{kind}: {:?}", kinds(&export));
    }
    let event = &export["auditEvents"][0];
    assert_eq!(
        (&event["about"], &event["ipAddress"]),
        (&json!("self"), &json!("127.0.0.1"))
    );
    assert_eq!(event["userAgent"], "Analytical Engine/1");

    let text = export.to_string();
    let token = |browser: &Browser| {
        let cookie = &browser.cookies["better-auth.session_token"];
        cookie.split_once('.').unwrap().0.to_owned()
    };
    let mails = app.sent_emails();
    let links = mails.iter().map(|mail| mail.link.expose().clone());
    for secret in [
        token(&ada),
        token(&other),
        "$argon2".to_owned(),
        "sha256:".to_owned(),
    ]
    .into_iter()
    .chain(links)
    {
        assert!(!text.contains(&secret), "{secret}");
    }
}

fn dt_2_only_the_user_exports_and_with_a_fresh_session(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    refused(&app.browser().get("/export-user"), 401, "UNAUTHORIZED");
    app.clock.advance(TimeDelta::days(2));
    refused(&eve.get("/export-user"), 403, "SESSION_NOT_FRESH");
    let answer = admin.post("/admin/impersonate-user", &json!({ "userId": id }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    refused(&admin.get("/export-user"), 403, "IMPERSONATION_FORBIDS");
    assert_eq!(admin.get(&format!("/admin/export-user?userId={id}")).status, 403);
    let body = json!({ "email": EVE, "password": PASSWORD });
    assert_eq!(eve.post("/sign-in/email", &body).status, 200);
    let export = exported(&mut eve, "/export-user");
    // What the administrator did is there, and whose address and browser it was is not.
    let impersonation = export["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["impersonated"] == true);
    let impersonation = impersonation.unwrap();
    assert_eq!(
        (&impersonation["ipAddress"], &impersonation["userAgent"]),
        (&Value::Null, &Value::Null)
    );
    let started = export["auditEvents"].as_array().unwrap().iter();
    let started = started
        .clone()
        .find(|event| event["kind"] == "impersonation.started")
        .unwrap();
    assert_eq!(
        (&started["by"], &started["ipAddress"]),
        (&json!("other"), &Value::Null)
    );
    assert!(
        !export
            .to_string()
            .contains(app.id_of("admin@example.test").as_str())
    );
    // The administrator's own export has it, and not whom it was about.
    let mut root = app.browser();
    let body = json!({ "email": "admin@example.test", "password": PASSWORD });
    assert_eq!(root.post("/sign-in/email", &body).status, 200);
    let export = exported(&mut root, "/export-user");
    assert_eq!(export["impersonations"][0]["ipAddress"], "127.0.0.1");
    let events = export["auditEvents"].as_array().unwrap();
    let started = events
        .iter()
        .find(|event| event["kind"] == "impersonation.started")
        .unwrap();
    assert_eq!(
        (&started["by"], &started["about"]),
        (&json!("self"), &json!("other"))
    );
    assert!(!export.to_string().contains(&id));
}

fn dt_2_an_administrator_exports_whom_they_may_and_it_is_recorded(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    let path = format!("/admin/export-user?userId={id}");
    assert_eq!(app.browser().get(&path).status, 401);
    refused(&eve.get(&path), 403, "FORBIDDEN");
    assert_eq!(admin.get("/admin/export-user?userId=nobody").status, 404);
    let export = exported(&mut admin, &path);
    assert_eq!(export["user"]["email"], EVE);
    let events = app
        .wait(
            app.store
                .audit_events()
                .list_by_subject(&UserId::from_stored(&*id), 99),
        )
        .unwrap();
    let recorded = events.iter().find(|event| event.kind == "user.exported").unwrap();
    assert_eq!(
        recorded.actor_id.as_deref(),
        Some(app.id_of("admin@example.test").as_str())
    );
    // A deleted user, until the retention is over.
    assert_eq!(
        admin.post("/admin/remove-user", &json!({ "userId": id })).status,
        200
    );
    let export = exported(&mut admin, &path);
    assert_eq!(export["user"]["deletedEmail"], EVE);
    assert!(export["user"]["deletedAt"].is_string());
    assert!(kinds(&export).contains(&"user.deleted"));
}

fn dt_2_that_tokens_of_a_provider_are_kept_is_said_and_no_more(backend: Backend) {
    let app = TestApp::on(backend);
    let mut ada = app.signed_up("ada@example.test");
    if let Some(database) = app.database() {
        app.wait(database.execute(r#"UPDATE "account" SET "refreshToken" = 'token-of-a-provider'"#));
    }
    let export = exported(&mut ada, "/export-user");
    assert_eq!(
        export["accounts"][0]["hasProviderTokens"],
        app.database().is_some()
    );
    assert!(!export.to_string().contains("token-of-a-provider"));
}

doorward_testing::on_every_backend!(
    dt_2_that_tokens_of_a_provider_are_kept_is_said_and_no_more,
    dt_2_an_export_has_everything_and_no_secret,
    dt_2_only_the_user_exports_and_with_a_fresh_session,
    dt_2_an_administrator_exports_whom_they_may_and_it_is_recorded,
);

#[test]
fn ac_2_a_limited_role_does_not_export_somebody_who_may_do_more() {
    use doorward_domain::access::permissions::user;
    let app = TestApp::with(Preset::Hardened, |setup| {
        let policy = AccessPolicy::builder().role("clerk", [user::EXPORT]);
        setup.settings.access = policy.build().unwrap();
    });
    drop(app.administrator());
    drop(app.signed_up(EVE));
    let mut clerk = app.signed_up_as("clerk@example.test", "clerk");
    let path = |email: &str| format!("/admin/export-user?userId={}", app.id_of(email));
    assert_eq!(exported(&mut clerk, &path(EVE))["user"]["email"], EVE);
    refused(&clerk.get(&path("admin@example.test")), 403, "FORBIDDEN");
}

/// A module that holds something about everybody.
struct Notes;

#[async_trait]
impl ExportPart for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    async fn export(&self, tx: &dyn Transaction, user: &UserId) -> Result<Value, StoreError> {
        let found = tx.users().find(user).await?;
        Ok(json!([format!("a note about {}", found.unwrap().name)]))
    }
}

/// One that cannot be read.
struct Broken;

#[async_trait]
impl ExportPart for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    async fn export(&self, _: &dyn Transaction, _: &UserId) -> Result<Value, StoreError> {
        Err(StoreError::Unavailable("the notes are gone".into()))
    }
}

#[test]
fn dt_2_what_a_module_holds_is_in_the_export_or_there_is_none() {
    let app = TestApp::with(Preset::Hardened, |setup| setup.hooks.export.push(Arc::new(Notes)));
    let mut ada = app.signed_up("ada@example.test");
    let export = exported(&mut ada, "/export-user");
    assert_eq!(export["modules"], json!({ "notes": ["a note about Ada"] }));
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.hooks.export.push(Arc::new(Notes));
        setup.hooks.export.push(Arc::new(Broken));
    });
    let mut ada = app.signed_up("ada@example.test");
    assert_eq!(ada.get("/export-user").status, 503);
    let id = app.id_of("ada@example.test");
    let events = app
        .wait(app.store.audit_events().list_by_subject(&id, 99))
        .unwrap();
    assert!(
        events.iter().all(|event| event.kind != "user.exported"),
        "nothing was shown"
    );
}

#[test]
fn dt_2_fields_of_the_application_are_in_the_export_and_hidden_ones_are_named() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        let field = |name: &str, returned| FieldSpec {
            name: FieldName::parse(name).unwrap(),
            kind: FieldKind::Text,
            required: false,
            input: true,
            returned,
            default: None,
        };
        setup.settings.user_fields = vec![field("town", true), field("locker", false)];
    });
    let mut ada = app.browser();
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD, "town": "London", "locker": "1815" });
    assert_eq!(ada.post("/sign-up/email", &body).status, 200);
    let export = exported(&mut ada, "/export-user");
    assert_eq!(export["user"]["additionalFields"], json!({ "town": "London" }));
    assert_eq!(export["user"]["withheldFields"], json!(["locker"]));
    assert!(!export.to_string().contains("1815"));
}
