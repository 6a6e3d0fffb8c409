//! The hook: when a doctor's user is deleted, the patients are left without a doctor in the same transaction.

use std::sync::Arc;

use async_trait::async_trait;
use doorward_application::hooks::{Hook, HookError};
use doorward_domain::Transaction;
use doorward_domain::user::User;

use crate::patient::Patients;

/// Nobody treats the patients of a user who is gone.
pub(crate) struct ReleasePatients {
    pub(crate) patients: Arc<dyn Patients>,
}

#[async_trait]
impl Hook for ReleasePatients {
    async fn before_commit(&self, tx: &dyn Transaction, user: &User) -> Result<(), HookError> {
        Ok(self.patients.release(tx, &user.id).await?)
    }
}
