//! The use-case against a mock of the port and the store in memory.

use std::sync::Arc;

use doorward_application::settings::{Preset, Settings};
use doorward_domain::redirect::Origin;
use doorward_domain::user::Email;
use doorward_domain::{Changed, Locked, StoreError};
use doorward_testing::{in_memory_context, samples};

use crate::discharge::{Discharge, DischargeError};
use crate::patient::{DischargeDenied, MockPatients, Patient};

fn patient() -> Patient {
    Patient {
        id: "p1".to_owned(),
        name: "Grace".to_owned(),
        email: Email::from_stored("grace@example.test"),
        doctor: Some(samples::user("ada").id),
        discharged_at: None,
    }
}

fn keeping(patient: Option<Patient>) -> MockPatients {
    let mut patients = MockPatients::new();
    patients
        .expect_lock()
        .returning(move |_, _| Ok(patient.clone().map(Locked::by_store)));
    patients
}

/// Lets a user discharge the patient; answers what came of it, and how many emails and audit events were written.
async fn discharge(patients: MockPatients, user: &str) -> (Result<(), DischargeError>, usize, usize) {
    let settings = Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned());
    let (context, store, _) = in_memory_context(settings);
    let request = samples::request_by(&samples::user(user));
    let outcome = Discharge::new(context, Arc::new(patients))
        .run(&request, "p1")
        .await;
    let tables = store.snapshot();
    (outcome, tables.outbox.len(), tables.audit_events.len())
}

#[tokio::test]
async fn doctors_discharge_their_own_patients() {
    let mut patients = keeping(Some(patient()));
    patients
        .expect_discharge()
        .once()
        .withf(|_, id, at| id == "p1" && *at == samples::now())
        .returning(|_, _, _| Ok(Changed::Applied));
    assert!(matches!(discharge(patients, "ada").await, (Ok(()), 1, 1)));
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    let discharged = Patient {
        discharged_at: Some(samples::now()),
        ..patient()
    };
    let orphaned = Patient {
        doctor: None,
        ..patient()
    };
    for (kept, by, denied) in [
        (patient(), "eve", DischargeDenied::NotYours),
        (orphaned, "ada", DischargeDenied::NotYours),
        (discharged, "ada", DischargeDenied::Already),
    ] {
        let outcome = discharge(keeping(Some(kept)), by).await;
        assert!(
            matches!(&outcome, (Err(DischargeError::Denied(why)), 0, 0) if *why == denied),
            "{outcome:?}"
        );
    }
    let unknown = discharge(keeping(None), "ada").await;
    assert!(
        matches!(unknown, (Err(DischargeError::Unknown), 0, 0)),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn a_write_that_did_not_apply_leaves_nothing() {
    let answers: [fn() -> Result<Changed, StoreError>; 2] =
        [|| Ok(Changed::Stale), || Err(StoreError::Failed("full".into()))];
    for answer in answers {
        let mut patients = keeping(Some(patient()));
        patients.expect_discharge().returning(move |_, _, _| answer());
        let outcome = discharge(patients, "ada").await;
        assert!(matches!(outcome, (Err(_), 0, 0)), "{outcome:?}");
    }
}
