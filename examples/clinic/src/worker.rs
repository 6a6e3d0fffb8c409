//! The work in the background: patients are forgotten ten years after they left.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::{Context, Progress, Worker};
use doorward_domain::{BoxError, RequestContext};

use crate::patient::Patients;

const RETENTION: TimeDelta = TimeDelta::days(3653);
/// Patients whom one part forgets at most, so that no request waits long for the database.
const BATCH: u64 = 100;

/// Removes patients whose retention is over, part by part.
pub(crate) struct ForgetPatients {
    pub(crate) context: Context,
    pub(crate) patients: Arc<dyn Patients>,
}

#[async_trait]
impl Worker for ForgetPatients {
    fn name(&self) -> &'static str {
        "clinic.forget_patients"
    }

    fn pause(&self) -> Duration {
        Duration::from_hours(1)
    }

    async fn run(&self, request: &RequestContext) -> Result<Progress, BoxError> {
        let tx = self.context.store().begin(request).await?;
        let before = self.context.now() - RETENTION;
        let forgotten = self.patients.forget(&*tx, before, BATCH).await?;
        tx.commit().await?;
        Ok(if forgotten == BATCH {
            Progress::More
        } else {
            Progress::Done
        })
    }
}
