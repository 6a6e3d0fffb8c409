use doorward_domain::session::SessionHandle;
use doorward_domain::{SessionId, StoreError, UserId};

use crate::Context;

/// Ends one session of the person who asks.
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
    pub async fn run(&self, user: &UserId, handle: &SessionHandle) -> Result<Option<SessionId>, StoreError> {
        let ended = self
            .context
            .store()
            .sessions()
            .delete_by_handle(user, handle)
            .await?;
        if let Some(session) = &ended {
            tracing::info!(%user, %session, "session revoked");
        }
        Ok(ended)
    }
}

/// Ends many sessions of the person who asks.
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

    /// Ends all sessions of the user but `keep`.
    pub async fn run(&self, user: &UserId, keep: Option<&SessionId>) -> Result<(), StoreError> {
        let ended = self.context.store().sessions().delete_all(user, keep).await?;
        tracing::info!(%user, ended, "sessions revoked");
        Ok(())
    }
}
