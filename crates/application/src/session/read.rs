use chrono::{DateTime, Utc};
use doorward_domain::metrics::{Observation, SessionSource};
use doorward_domain::session::{ActiveSession, Session, SessionToken};
use doorward_domain::{Changed, RequestContext, StoreError};

use crate::Context;

/// Whether reading a session may extend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Extend it if it is due.
    IfDue,
    /// Leave it as it is.
    Never,
}

/// Finds the session of a token.
#[derive(Clone, Debug)]
pub struct ReadSession {
    context: Context,
}

impl ReadSession {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// The session of the token and its user, read from the store. Who asks is not known yet, so the actor of `request` is
    /// anonymous. An expired session is removed; a token stored in the other form is rewritten (`Security::tokens_at_rest`).
    pub async fn run(
        &self,
        request: &RequestContext,
        token: SessionToken,
        refresh: Refresh,
    ) -> Result<Option<ActiveSession>, StoreError> {
        self.context
            .observe(Observation::SessionRead(SessionSource::StoreOnly));
        self.read(request, token, refresh).await
    }

    async fn read(
        &self,
        request: &RequestContext,
        token: SessionToken,
        refresh: Refresh,
    ) -> Result<Option<ActiveSession>, StoreError> {
        let ticket = self.context.ports.session_cache.ticket();
        let sessions = self.context.store().sessions();
        let Some((mut session, user)) = sessions.find_with_user(&token).await? else {
            return Ok(None);
        };
        let policy = &self.context.settings.session;
        let now = self.context.now();
        if !policy.is_live(&session, now) || !self.may_go_on(&session).await? {
            self.remove(request, &session).await?;
            return Ok(None);
        }
        self.migrate_stored_token(request, &mut session, &token).await?;
        let due = policy.extension(&session, now);
        let refreshed = match due {
            Some(until) if refresh == Refresh::IfDue => {
                self.extend(request, &mut session, until, now).await?
            }
            _ => false,
        };
        self.context
            .ports
            .session_cache
            .put(ticket, &token, (session.clone(), user.clone()));
        Ok(Some(ActiveSession {
            session,
            user,
            token,
            refreshed,
            needs_refresh: due.is_some() && !refreshed,
        }))
    }

    /// The same, but the answer may come from the [`SessionCache`]. For reading only: not for what changes something or needs
    /// freshness.
    ///
    /// [`SessionCache`]: doorward_domain::session::SessionCache
    pub async fn run_cached(
        &self,
        request: &RequestContext,
        token: SessionToken,
        refresh: Refresh,
    ) -> Result<Option<ActiveSession>, StoreError> {
        if let Some(known) = self.context.ports.session_cache.get(&token) {
            let (session, user) = &*known;
            let policy = &self.context.settings.session;
            let now = self.context.now();
            if policy.is_live(session, now) && policy.extension(session, now).is_none() {
                let (session, user) = (session.clone(), user.clone());
                self.context
                    .observe(Observation::SessionRead(SessionSource::Cache));
                return Ok(Some(ActiveSession {
                    session,
                    user,
                    token,
                    refreshed: false,
                    needs_refresh: false,
                }));
            }
        }
        self.context
            .observe(Observation::SessionRead(SessionSource::Store));
        self.read(request, token, refresh).await
    }

    /// An impersonation is valid only while its administrator exists, is not banned, and may impersonate (SE-6, AC-6).
    async fn may_go_on(&self, session: &Session) -> Result<bool, StoreError> {
        let Some(administrator) = &session.impersonated_by else {
            return Ok(true);
        };
        let found = self.context.store().users().find(administrator).await?;
        let (policy, now) = (&self.context.settings.access, self.context.now());
        Ok(found.is_some_and(|user| policy.may_impersonate(&user, now)))
    }

    /// Removes an expired session. Another request may have removed it before, or extended it since it was read.
    async fn remove(&self, request: &RequestContext, session: &Session) -> Result<(), StoreError> {
        let tx = self.context.store().begin(request).await?;
        let removed = tx
            .sessions()
            .delete_unless_extended(&session.id, session.expires_at)
            .await?;
        if removed.is_removed() {
            tx.commit().await?;
        }
        Ok(())
    }

    /// Rewrites a token that is stored in the other form. Losing the race against another request, or against a revocation,
    /// changes nothing.
    async fn migrate_stored_token(
        &self,
        request: &RequestContext,
        session: &mut Session,
        token: &SessionToken,
    ) -> Result<(), StoreError> {
        let wanted = self.context.settings.security.tokens_at_rest;
        if session.token.storage() == wanted {
            return Ok(());
        }
        let (stored, now) = (token.stored(wanted), self.context.now());
        let tx = self.context.store().begin(request).await?;
        let rewritten = tx
            .sessions()
            .rewrite_token(&session.id, &session.token, &stored, now)
            .await?;
        if rewritten == Changed::Applied {
            tx.commit().await?;
            session.token = stored;
            session.imported_at.get_or_insert(now);
        }
        Ok(())
    }

    /// Extends the session. Losing the race against another request, or against a revocation, changes nothing.
    async fn extend(
        &self,
        request: &RequestContext,
        session: &mut Session,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let tx = self.context.store().begin(request).await?;
        let extended = tx
            .sessions()
            .extend(&session.id, session.expires_at, until, now)
            .await?;
        if extended == Changed::Applied {
            tx.commit().await?;
            session.expires_at = until;
            session.updated_at = now;
        }
        Ok(extended.is_applied())
    }
}
