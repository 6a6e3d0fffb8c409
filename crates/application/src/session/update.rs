use doorward_domain::audit::{Event, EventKind};
use doorward_domain::fields::{self, FieldChanges};
use doorward_domain::{Changed, NotSignedIn, RequestContext};

use super::{ActiveSession, lock_caller};
use crate::{Context, RequestError};

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

    /// The session after the change.
    pub async fn run(
        &self,
        request: &RequestContext,
        changes: &FieldChanges,
    ) -> Result<ActiveSession, RequestError> {
        let (active, now) = (request.signed_in()?, self.context.now());
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let caller = locked.ok_or(NotSignedIn)?;
        let outcome = tx
            .sessions()
            .update_extra(&caller.session.id, changes, now)
            .await?;
        if outcome == Changed::Stale {
            return Err(NotSignedIn.into());
        }
        tx.record(Event::of(EventKind::SessionUpdated, &caller.user.id))
            .await?;
        tx.commit().await?;
        let mut updated = active.clone();
        fields::apply(changes, &mut updated.session.extra);
        updated.session.updated_at = now;
        Ok(updated)
    }
}
