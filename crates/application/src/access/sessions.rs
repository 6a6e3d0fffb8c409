use doorward_domain::access::permissions;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::session::SessionHandle;
use doorward_domain::{RequestContext, Transaction, UserId};

use super::authorize::{AdminError, Asked, require, require_over};
use crate::Context;
use crate::audit::record;
use crate::session::{ListedSession, handle};

/// Lists and revokes sessions of other users, for administrators.
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

    /// All sessions of a user, expired and impersonated ones too, oldest first. An unknown user has none.
    pub async fn list(
        &self,
        request: &RequestContext,
        user: &UserId,
    ) -> Result<Vec<ListedSession>, AdminError> {
        require(&self.context, request, &permissions::session::LIST)?;
        let caller = request.signed_in().ok();
        let sessions = self.context.store().sessions().list_all(user).await?;
        let event = Event::of(EventKind::UserSessionsListed, user);
        record(&self.context, request, event).await?;
        let listed = sessions.into_iter().map(|session| ListedSession {
            handle: handle(&self.context, &session, caller),
            session,
        });
        Ok(listed.collect())
    }

    /// Ends the session of this handle or token. Nothing happens if there is none.
    pub async fn revoke(&self, request: &RequestContext, handle: &SessionHandle) -> Result<(), AdminError> {
        require(&self.context, request, &permissions::session::REVOKE)?;
        let tx = self.context.store().begin(request).await?;
        let Some(session) = tx.sessions().find_by_handle(handle).await? else {
            return Ok(());
        };
        let owner = session.user_id;
        self.check_over(request, &*tx, &owner).await?;
        if tx.sessions().delete(&session.id).await?.is_removed() {
            tx.record(Event::of(EventKind::SessionRevoked, &owner)).await?;
            tx.commit().await?;
            tracing::info!(session = %session.id, "session revoked");
        }
        Ok(())
    }

    /// Ends all sessions of a user, and all impersonations they began (SE-6).
    pub async fn revoke_all(&self, request: &RequestContext, user: &UserId) -> Result<(), AdminError> {
        require(&self.context, request, &permissions::session::REVOKE)?;
        let tx = self.context.store().begin(request).await?;
        self.check_over(request, &*tx, user).await?;
        let ended = tx.sessions().delete_all(user, None).await?;
        tx.record(Event::of(EventKind::SessionsRevoked, user)).await?;
        tx.commit().await?;
        tracing::info!(%user, ended, "sessions revoked");
        Ok(())
    }

    /// The sessions of a user who does not exist can be ended, too.
    async fn check_over(
        &self,
        request: &RequestContext,
        tx: &dyn Transaction,
        user: &UserId,
    ) -> Result<(), AdminError> {
        match require_over(
            &self.context,
            request,
            tx,
            user,
            &Asked::permissions(&[permissions::session::REVOKE]),
        )
        .await
        {
            Ok(_) | Err(AdminError::UserNotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
