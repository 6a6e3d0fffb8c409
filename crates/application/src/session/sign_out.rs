use doorward_domain::audit::{Event, EventKind};
use doorward_domain::session::SessionToken;
use doorward_domain::{RequestContext, StoreError};

use crate::Context;

/// Ends the session of the request.
#[derive(Clone, Debug)]
pub struct SignOut {
    context: Context,
}

impl SignOut {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Ends the session of this token and, if it is an impersonation, the administrator's own session, which was kept for its
    /// end. An unknown token ends nothing.
    pub async fn run(
        &self,
        request: &RequestContext,
        token: Option<&SessionToken>,
        left: Option<&SessionToken>,
    ) -> Result<(), StoreError> {
        let tx = self.context.store().begin(request).await?;
        let mut ended = false;
        for token in [token, left].into_iter().flatten() {
            if let Some((session, user)) = tx.sessions().find_with_user(token).await?
                && tx.sessions().delete(&session.id).await?.is_removed()
            {
                tx.record(Event::of(EventKind::SignedOut, &user.id)).await?;
                tracing::info!(user = %user.id, session = %session.id, "signed out");
                ended = true;
            }
        }
        if ended {
            tx.commit().await?;
        }
        Ok(())
    }
}
