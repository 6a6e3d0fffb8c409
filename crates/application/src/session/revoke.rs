use doorward_domain::audit::{Event, EventKind};
use doorward_domain::session::SessionHandle;
use doorward_domain::{NotSignedIn, RequestContext, SessionId};

use super::lock_caller;
use crate::{Context, RequestError};

/// Ends one session of the user who makes the request.
#[derive(Clone, Debug)]
pub struct RevokeSession {
    context: Context,
}

impl RevokeSession {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Ends the user's session of this handle and answers which it was. A handle of nobody's or somebody else's
    /// session ends nothing, and that is no error (AC-1).
    pub async fn run(
        &self,
        request: &RequestContext,
        handle: &SessionHandle,
    ) -> Result<Option<SessionId>, RequestError> {
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let user = &locked.ok_or(NotSignedIn)?.user.id;
        let ended = tx.sessions().delete_by_handle(user, handle).await?;
        if let Some(session) = &ended {
            tx.record(Event::of(EventKind::SessionRevoked, user)).await?;
            tx.commit().await?;
            tracing::info!(%user, %session, "session revoked");
        }
        Ok(ended)
    }
}

/// Ends many sessions of the user who makes the request.
#[derive(Clone, Debug)]
pub struct RevokeSessions {
    context: Context,
}

impl RevokeSessions {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Ends all sessions of the user but `keep`, and all impersonations the user began.
    pub async fn run(&self, request: &RequestContext, keep: Option<&SessionId>) -> Result<(), RequestError> {
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let user = &locked.ok_or(NotSignedIn)?.user.id;
        let ended = tx.sessions().delete_all(user, keep).await?;
        tx.record(Event::of(EventKind::SessionsRevoked, user)).await?;
        tx.commit().await?;
        tracing::info!(%user, ended, "sessions revoked");
        Ok(())
    }
}
