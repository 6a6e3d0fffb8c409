use doorward_domain::UserId;
use doorward_domain::access::permissions;
use doorward_domain::session::SessionHandle;

use super::authorize::{AdminError, require};
use crate::Context;
use crate::session::{CurrentSession, ListedSession, handle};

/// Looks after the sessions of other people.
#[derive(Clone, Debug)]
pub struct UserSessions {
    context: Context,
}

impl UserSessions {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// All sessions of a user, expired and impersonated ones too, oldest first. Nobody has none.
    pub async fn list(
        &self,
        caller: &CurrentSession,
        user: &UserId,
    ) -> Result<Vec<ListedSession>, AdminError> {
        require(&self.context, caller, &permissions::session::LIST)?;
        let sessions = self.context.store().sessions().list_all(user).await?;
        let listed = sessions.into_iter().map(|session| ListedSession {
            handle: handle(&self.context, &session, caller),
            session,
        });
        Ok(listed.collect())
    }

    /// Ends the session of this handle or token. Nothing happens if there is none.
    pub async fn revoke(&self, caller: &CurrentSession, session: &SessionHandle) -> Result<(), AdminError> {
        require(&self.context, caller, &permissions::session::REVOKE)?;
        if let Some(session) = self.context.store().sessions().delete_of_anybody(session).await? {
            tracing::info!(by = %caller.user.id, %session, "session revoked");
        }
        Ok(())
    }

    /// Ends all sessions of a user.
    pub async fn revoke_all(&self, caller: &CurrentSession, user: &UserId) -> Result<(), AdminError> {
        require(&self.context, caller, &permissions::session::REVOKE)?;
        let ended = self.context.store().sessions().delete_all(user, None).await?;
        tracing::info!(by = %caller.user.id, %user, ended, "sessions revoked");
        Ok(())
    }
}
