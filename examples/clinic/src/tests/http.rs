//! The feature in a running server on SQLite, with the session cache in front of the store as in the default configuration.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use doorward_adapters::cache::{CacheInvalidatingStore, MemorySessionCache};
use doorward_application::Progress;
use doorward_application::settings::Preset;
use doorward_domain::Actor;
use doorward_domain::access::AccessPolicy;
use doorward_domain::email::EmailKind;
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use doorward_web::Module;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use crate::email::DISCHARGE;
use crate::module::Clinic;
use crate::permission;

fn app() -> TestApp {
    TestApp::on_with(Backend::Sqlite, Preset::Hardened, |setup| {
        let cache = Arc::new(MemorySessionCache::new(Duration::from_millis(500)));
        setup.store = Arc::new(CacheInvalidatingStore::new(setup.store.clone(), cache.clone()));
        setup.session_cache = cache;
        let policy = AccessPolicy::builder().declare(permission::patient::ALL.iter().cloned());
        setup.settings.access = permission::roles(policy).build().expect("a policy");
        setup.modules.push(Arc::new(Clinic));
    })
}

fn admit(doctor: &mut Browser) -> String {
    let body = json!({ "name": "Grace", "email": "grace@example.test" });
    let answer = doctor.post("/clinic/patients", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["id"].as_str().expect("an id").to_owned()
}

fn discharge(browser: &mut Browser, id: &str) -> (u16, String) {
    let answer = browser.post(&format!("/clinic/patients/{id}/discharge"), &json!({}));
    let code = if answer.status == 200 {
        String::new()
    } else {
        answer.code()
    };
    (answer.status, code)
}

/// What a query answers in its one row and column.
fn asked(app: &TestApp, query: &str) -> Option<String> {
    let database = app.database().expect("a database");
    app.wait(async {
        let statement = Statement::from_string(DbBackend::Sqlite, query);
        let row = database.connection().await.query_one_raw(statement).await;
        let row = row.expect("an answer").expect("a row");
        row.try_get_by_index(0).expect("a text or nothing")
    })
}

#[test]
fn a_doctor_discharges_their_own_patients_and_no_others() {
    let app = app();
    let mut ada = app.signed_up_as("ada@example.test", "doctor");
    let mut eve = app.signed_up_as("eve@example.test", "doctor");
    let mut joe = app.signed_up("joe@example.test");
    let patient = admit(&mut ada);

    assert_eq!(discharge(&mut app.browser(), &patient).0, 401);
    assert_eq!(discharge(&mut joe, &patient), (403, "FORBIDDEN".to_owned()));
    assert_eq!(
        discharge(&mut eve, &patient),
        (403, "PATIENT_NOT_YOURS".to_owned())
    );
    assert_eq!(discharge(&mut eve, "none"), (404, "PATIENT_NOT_FOUND".to_owned()));
    assert!(app.sent_emails().iter().all(|email| !is_goodbye(&email.kind)));

    assert_eq!(discharge(&mut ada, &patient).0, 200);
    let again = discharge(&mut ada, &patient);
    assert_eq!(again, (409, "PATIENT_ALREADY_DISCHARGED".to_owned()));

    let emails = app.sent_emails();
    let goodbyes: Vec<_> = emails.iter().filter(|email| is_goodbye(&email.kind)).collect();
    assert_eq!(goodbyes.len(), 1);
    assert_eq!(goodbyes[0].to.as_str(), "grace@example.test");
    let event = r#"SELECT "details" FROM doorward_audit_event WHERE "kind" = 'clinic.patient_discharged'"#;
    assert_eq!(asked(&app, event), Some(patient));
}

fn is_goodbye(kind: &EmailKind) -> bool {
    matches!(kind, EmailKind::Custom(email) if email.kind() == DISCHARGE)
}

#[test]
fn who_may_not_admit_is_told() {
    let app = app();
    let body = json!({ "name": "Grace", "email": "grace@example.test" });
    let mut joe = app.signed_up("joe@example.test");
    assert_eq!(joe.post("/clinic/patients", &body).code(), "FORBIDDEN");
    let mut ada = app.signed_up_as("ada@example.test", "doctor");
    for wrong in [
        json!({}),
        json!({ "name": "", "email": "g@example.test" }),
        json!({ "name": "G", "email": "g" }),
    ] {
        assert_eq!(
            ada.post("/clinic/patients", &wrong).code(),
            "VALIDATION_ERROR",
            "{wrong}"
        );
    }
}

#[test]
fn the_patients_of_a_deleted_doctor_are_released_in_the_same_transaction() {
    let app = app();
    let mut ada = app.signed_up_as("ada@example.test", "doctor");
    let patient = admit(&mut ada);
    let doctor = format!("SELECT doctor_id FROM clinic_patient WHERE id = '{patient}'");
    assert!(asked(&app, &doctor).is_some());
    assert_eq!(
        ada.post("/delete-user", &json!({ "password": PASSWORD })).status,
        200
    );
    assert_eq!(asked(&app, &doctor), None);
}

#[test]
fn the_steps_are_taken_once_and_noted() {
    let app = app();
    let noted = "SELECT module || '.' || step FROM doorward_module_migration";
    assert_eq!(asked(&app, noted).as_deref(), Some("clinic.patients"));
}

#[test]
fn who_left_long_ago_is_forgotten() {
    let app = app();
    let mut ada = app.signed_up_as("ada@example.test", "doctor");
    let (gone, here) = (admit(&mut ada), admit(&mut ada));
    assert_eq!(discharge(&mut ada, &gone).0, 200);
    app.clock.advance(TimeDelta::days(3654));
    for worker in Clinic.workers(&app.context) {
        let request = app.context.internal_request(Actor::System(worker.name()));
        assert_eq!(app.wait(worker.run(&request)).expect("a store"), Progress::Done);
    }
    let left = asked(&app, "SELECT group_concat(id) FROM clinic_patient");
    assert_eq!(left, Some(here));
}
