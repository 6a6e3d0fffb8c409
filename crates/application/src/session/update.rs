use doorward_domain::StoreError;
use doorward_domain::fields::{self, FieldChanges};

use super::CurrentSession;
use crate::Context;

/// Changes the application's fields of a session.
#[derive(Clone, Debug)]
pub struct UpdateSession {
    context: Context,
}

impl UpdateSession {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// The session after the change; none if it is gone.
    pub async fn run(
        &self,
        caller: &CurrentSession,
        changes: &FieldChanges,
    ) -> Result<Option<CurrentSession>, StoreError> {
        let (sessions, now) = (self.context.store().sessions(), self.context.now());
        if !sessions.update_extra(&caller.session.id, changes, now).await? {
            return Ok(None);
        }
        let mut updated = caller.clone();
        fields::apply(changes, &mut updated.session.extra);
        updated.session.updated_at = now;
        Ok(Some(updated))
    }
}
