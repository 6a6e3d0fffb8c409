//! The use-case: a doctor discharges a patient.

use std::sync::Arc;

use doorward_application::Context;
use doorward_application::email::OutboxWriter;
use doorward_domain::audit::{Event, EventKind, Outcome};
use doorward_domain::email::InvalidCustomEmail;
use doorward_domain::{NotSignedIn, RequestContext, StoreError};

use crate::email::goodbye;
use crate::patient::{DischargeDenied, Patients};

/// The audit event.
pub(crate) const DISCHARGED: EventKind = EventKind::Module("clinic.patient_discharged");

/// Why nothing happened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DischargeError {
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    #[error("there is no such patient")]
    Unknown,
    #[error(transparent)]
    Denied(#[from] DischargeDenied),
    #[error(transparent)]
    Email(#[from] InvalidCustomEmail),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Discharges a patient: the row, the email and the audit event are one transaction.
#[derive(Clone)]
pub(crate) struct Discharge {
    context: Context,
    patients: Arc<dyn Patients>,
}

impl Discharge {
    pub(crate) fn new(context: Context, patients: Arc<dyn Patients>) -> Self {
        Self { context, patients }
    }

    pub(crate) async fn run(&self, request: &RequestContext, id: &str) -> Result<(), DischargeError> {
        let doctor = &request.signed_in()?.user;
        let tx = self.context.store().begin(request).await?;
        let patient = self.patients.lock(&*tx, id).await?;
        let patient = patient.ok_or(DischargeError::Unknown)?;
        patient.may_be_discharged_by(&doctor.id)?;
        let changed = self.patients.discharge(&*tx, id, self.context.now()).await?;
        if !changed.is_applied() {
            return Err(DischargeDenied::Already.into());
        }
        let email = goodbye(&self.context, &patient)?;
        let outbox = OutboxWriter::new(self.context.clone());
        // Only Doorward's own kinds have a limit of emails to one recipient.
        let _ = outbox.write(&*tx, &email).await?;
        let event = Event {
            kind: DISCHARGED,
            subject: None,
            outcome: Outcome::Success,
            details: Some(id.to_owned()),
        };
        tx.record(event).await?;
        Ok(tx.commit().await?)
    }
}
