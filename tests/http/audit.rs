//! The audit log over HTTP.

use doorward_application::audit_log::{SealEvents, Verification, VerifyEvents};
use doorward_application::settings::Preset;
use doorward_domain::Actor;
use doorward_domain::audit::Flaw;
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::administration::{EVE, admin_and_user, refused, sign_in};

fn events(browser: &mut Browser, path: &str) -> Vec<Value> {
    let answer = browser.get(path);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["events"].as_array().unwrap().clone()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

fn au_2_users_see_their_own_events(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    app.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(sign_in(&app, EVE, "wrong password").status, 401);
    assert_eq!(sign_in(&app, "nobody@example.test", "wrong password").status, 401);
    app.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(
        admin
            .post(
                "/admin/update-user",
                &json!({ "userId": id, "data": { "name": "Evelyn" } })
            )
            .status,
        200
    );
    let own = events(&mut eve, "/list-events");
    assert_eq!(
        kinds(&own)[..2],
        ["user.updated", "session.failed"],
        "newest first"
    );
    assert_eq!(
        (
            &own[0]["byAdministrator"],
            &own[0]["ipAddress"],
            &own[0]["userAgent"]
        ),
        (&json!(true), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (
            &own[1]["byAdministrator"],
            &own[1]["outcome"],
            &own[1]["ipAddress"]
        ),
        (&json!(false), &json!("denied"), &json!("127.0.0.1"))
    );
    let fields: Vec<_> = own[0].as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "id",
            "kind",
            "at",
            "outcome",
            "byAdministrator",
            "ipAddress",
            "userAgent"
        ],
        "nothing of others"
    );
    let all = own.len();
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = eve.get(&format!("/list-events?limit=1&cursor={cursor}")).json();
        ids.extend(
            page["events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|event| event["id"].clone()),
        );
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        next.clone_into(&mut cursor);
    }
    assert_eq!(ids.len(), all);
    assert!(own.iter().map(|event| &event["id"]).eq(&ids));
}

fn au_1_administrators_read_the_log(backend: Backend) {
    let (app, mut admin, _, id) = admin_and_user(backend);
    assert_eq!(sign_in(&app, "nobody@example.test", "wrong password").status, 401);
    let failed = events(&mut admin, "/admin/list-events?outcome=denied");
    assert_eq!(kinds(&failed), ["session.failed"]);
    assert_eq!(failed[0]["userId"], Value::Null);
    assert!(!failed[0].to_string().contains("nobody"), "{failed:?}");
    assert_eq!(admin.get(&format!("/admin/get-user?id={id}")).status, 200);
    let of_eve = events(
        &mut admin,
        &format!("/admin/list-events?userId={id}&kind=user.read"),
    );
    assert_eq!(of_eve.len(), 1);
    let me = app.id_of("admin@example.test").to_string();
    assert_eq!(
        (
            &of_eve[0]["actorId"],
            &of_eve[0]["actorKind"],
            &of_eve[0]["ipAddress"]
        ),
        (&json!(me), &json!("user"), &json!("127.0.0.1"))
    );
    let mine = events(
        &mut admin,
        &format!("/admin/list-events?actorId={me}&kind=audit.listed"),
    );
    assert_eq!(mine.len(), 2, "reading the log is recorded as well");
    let (today, later) = ("2026-01-02", "2026-01-03");
    assert!(
        !events(
            &mut admin,
            &format!("/admin/list-events?since={today}&until={later}")
        )
        .is_empty()
    );
    assert!(events(&mut admin, &format!("/admin/list-events?since={later}")).is_empty());
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "outcome=maybe",
        "since=soon",
        "until=2026-13-01",
        "cursor=x",
        "userId=a&userId=b",
    ] {
        refused(
            &admin.get(&format!("/admin/list-events?{query}")),
            400,
            "VALIDATION_ERROR",
        );
    }
}

/// AC-6: the log says who stood behind it, and who impersonates does not read it.
fn ac_6_an_impersonation_is_in_the_log(backend: Backend) {
    let (app, mut admin, mut eve, id) = admin_and_user(backend);
    let mut other = admin.clone();
    let later = || app.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(
        admin
            .post("/admin/impersonate-user", &json!({ "userId": id }))
            .status,
        200
    );
    later();
    assert_eq!(
        admin.post("/update-user", &json!({ "name": "Evelyn" })).status,
        200
    );
    later();
    refused(&admin.get("/list-events"), 403, "IMPERSONATION_FORBIDS");
    assert_eq!(admin.get("/admin/list-events").status, 403);
    assert_eq!(admin.post("/admin/stop-impersonating", &json!({})).status, 200);
    let own = events(&mut eve, "/list-events");
    let by_administrator: Vec<_> = own
        .iter()
        .filter(|event| event["byAdministrator"] == true)
        .map(|event| (event["kind"].as_str().unwrap(), event["ipAddress"].clone()))
        .collect();
    assert_eq!(
        by_administrator,
        [
            ("impersonation.stopped", Value::Null),
            ("user.updated", Value::Null),
            ("impersonation.started", Value::Null)
        ]
    );
    let me = app.id_of("admin@example.test").to_string();
    // The session of before came to an end with the impersonation (SE-4).
    assert_eq!(other.get("/admin/list-events").status, 401);
    let log = events(
        &mut admin,
        &format!("/admin/list-events?userId={id}&kind=user.updated"),
    );
    assert_eq!(
        (&log[0]["impersonatedBy"], &log[0]["actorId"]),
        (&json!(me), &json!(id))
    );
}

doorward_testing::on_every_backend!(
    au_2_users_see_their_own_events,
    au_1_administrators_read_the_log,
    ac_6_an_impersonation_is_in_the_log,
    au_1_tampering_is_noticed
);

/// Better Auth's role has no permission that it does not know. The endpoints are there all the same.
#[test]
fn under_better_auth_a_role_has_to_grant_it() {
    for (preset, permitted) in [(Preset::Hardened, true), (Preset::BetterAuth, false)] {
        let app = TestApp::with(preset, |_| {});
        let mut admin = app.administrator();
        let asked = json!({ "permissions": { "audit-log": ["read"] } });
        let answer = admin.post("/admin/has-permission", &asked).json();
        assert_eq!(answer["success"], permitted);
        let status = admin.get("/admin/list-events").status;
        assert_eq!(status, if permitted { 200 } else { 403 });
        assert_eq!(admin.get("/list-events").status, 200);
    }
    let app = TestApp::with(Preset::Hardened, |setup| setup.settings.admin.enabled = false);
    let mut eve = app.signed_up(EVE);
    assert_eq!(eve.get("/list-events").status, 200);
    assert_eq!(eve.get("/admin/list-events").status, 404);
    assert_eq!(app.browser().get("/list-events").status, 401);
    assert_eq!(sign_in(&app, EVE, PASSWORD).status, 200);
}

fn sealed(app: &TestApp) -> u64 {
    let seal = SealEvents::new(app.context.clone());
    let request = app.context.internal_request(Actor::System("seal_audit_events"));
    app.wait(seal.run(&request)).unwrap()
}

fn verified(app: &TestApp) -> Verification {
    let verify = VerifyEvents::new(app.context.clone());
    let request = app.context.internal_request(Actor::Operator("audit verify"));
    app.wait(verify.run(&request)).unwrap()
}

fn flaw(app: &TestApp) -> Option<(i64, Flaw)> {
    verified(app).flaw.map(|finding| (finding.seq, finding.flaw))
}

/// Whoever can write to the database cannot change what was recorded without its being noticed. Erasing what is personal of a user
/// who is removed is no change.
fn au_1_tampering_is_noticed(backend: Backend) {
    const INSERT: &str = r#"INSERT INTO doorward_audit_event ("id", "kind", "at", "actorKind", "requestId", "outcome", "seq", "seal")
        SELECT 'forged', "kind", "at", "actorKind", "requestId", "outcome""#;
    let app = TestApp::on(backend);
    let Some(database) = app.database() else {
        return;
    };
    let change = |statement: &str| app.wait(database.execute(statement));
    let later = || app.clock.advance(chrono::TimeDelta::seconds(1));
    drop(app.signed_up(EVE));
    later();
    drop(app.signed_up("grace@example.test"));
    later();
    assert_eq!(sign_in(&app, EVE, "wrong password").status, 401);
    let events = i64::try_from(sealed(&app)).unwrap();
    assert!(events >= 5, "{events}");
    assert_eq!(flaw(&app), None);

    let eve = app.id_of(EVE);
    assert!(app.wait(app.store.users().delete(&eve)).unwrap().is_removed());
    let found = verified(&app);
    assert_eq!(found.flaw, None);
    assert!(found.erased >= 3, "{found:?}");

    // The last event is Eve's, and what is before it Grace's.
    let last = events - 1;
    for (done, undone) in [
        (r#""outcome" = 'denied'"#, r#""outcome" = 'success'"#),
        (r#""ipAddress" = '198.51.100.1'"#, r#""ipAddress" = '127.0.0.1'"#),
        (r#""ipAddress" = NULL"#, r#""ipAddress" = '127.0.0.1'"#),
        (r#""kind" = 'user.updated'"#, r#""kind" = 'session.issued'"#),
    ] {
        change(&format!(
            r#"UPDATE doorward_audit_event SET {done} WHERE "seq" = {last}"#
        ));
        assert_eq!(flaw(&app), Some((last, Flaw::Altered)), "{done}");
        change(&format!(
            r#"UPDATE doorward_audit_event SET {undone} WHERE "seq" = {last}"#
        ));
        assert_eq!(flaw(&app), None, "{undone}");
    }
    let next = events + 1;
    for seq in [0, next] {
        change(&format!(
            r#"{INSERT}, {seq}, "seal" FROM doorward_audit_event WHERE "seq" = 1"#
        ));
        assert_eq!(flaw(&app), Some((seq, Flaw::Inserted)));
        change("DELETE FROM doorward_audit_event WHERE \"id\" = 'forged'");
    }
    // One without a number gets it from the server, which tells later that it did not write it.
    change(&format!(
        r#"{INSERT}, NULL, NULL FROM doorward_audit_event WHERE "seq" = 1"#
    ));
    assert!(sealed(&app) > 1);
    let found = verified(&app);
    let finding = found.flaw.unwrap();
    assert_eq!(
        (finding.flaw, finding.id.as_deref()),
        (Flaw::Inserted, Some("forged"))
    );

    change(&format!(
        r#"DELETE FROM doorward_audit_event WHERE "seq" = {last}"#
    ));
    assert_eq!(flaw(&app), Some((last, Flaw::Removed)));
    change("DELETE FROM doorward_audit_chain");
    assert!(flaw(&app).is_some_and(|(_, flaw)| flaw == Flaw::Removed));
    let seal = SealEvents::new(app.context.clone());
    let request = app.context.internal_request(Actor::System("seal_audit_events"));
    assert!(app.wait(seal.run(&request)).is_err(), "no other chain is begun");
}
