//! Patients, the rule about them, and the port behind which they are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::user::Email;
use doorward_domain::{Changed, Locked, StoreError, Transaction, UserId};

/// Somebody who is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patient {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Where the patient is written to.
    pub(crate) email: Email,
    /// Who treats the patient; nobody, after that user was deleted.
    pub(crate) doctor: Option<UserId>,
    pub(crate) discharged_at: Option<DateTime<Utc>>,
}

/// Why a patient is not discharged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DischargeDenied {
    #[error("the patient is treated by somebody else")]
    NotYours,
    #[error("the patient was discharged before")]
    Already,
}

impl Patient {
    /// The ownership rule: doctors discharge their own patients, once.
    pub(crate) fn may_be_discharged_by(&self, doctor: &UserId) -> Result<(), DischargeDenied> {
        if self.doctor.as_ref() != Some(doctor) {
            return Err(DischargeDenied::NotYours);
        }
        match self.discharged_at {
            Some(_) => Err(DischargeDenied::Already),
            None => Ok(()),
        }
    }
}

/// The transaction of the use-case or hook that calls a port.
pub(crate) type CallersTransaction = dyn Transaction;

/// Where patients are kept. Every method works in a transaction, which the caller commits.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub(crate) trait Patients: Send + Sync {
    /// Adds a patient.
    async fn insert(&self, tx: &CallersTransaction, patient: &Patient) -> Result<(), StoreError>;

    /// The patient, who does not change before the transaction ends.
    async fn lock(&self, tx: &CallersTransaction, id: &str) -> Result<Option<Locked<Patient>>, StoreError>;

    /// Notes that the patient left, unless that was noted before.
    async fn discharge(
        &self,
        tx: &CallersTransaction,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;

    /// Leaves the patients of a doctor without one.
    async fn release(&self, tx: &CallersTransaction, doctor: &UserId) -> Result<(), StoreError>;

    /// Removes patients who left before this, `most` at a time, and answers how many.
    async fn forget(
        &self,
        tx: &CallersTransaction,
        before: DateTime<Utc>,
        most: u64,
    ) -> Result<u64, StoreError>;
}
