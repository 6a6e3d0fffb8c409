use chrono::{DateTime, Utc};
use doorward_domain::StoreError;
use doorward_domain::session::{Session, SessionToken};
use doorward_domain::user::User;

use crate::Context;
use crate::settings::Settings;

/// Whether reading a session may extend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Extend it if it is due.
    IfDue,
    /// Leave it as it is.
    Never,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct CurrentSession {
    /// The session.
    pub session: Session,
    /// The user.
    pub user: User,
    /// The token in clear, as the browser presented it.
    pub token: SessionToken,
    /// Whether reading it extended it.
    pub refreshed: bool,
    /// Whether it is due to be extended and was not.
    pub needs_refresh: bool,
}

impl CurrentSession {
    /// Whether it counts as the user's own: an administrator in their place has not their rights (AC-6).
    #[must_use]
    pub fn has_rights(&self, settings: &Settings) -> bool {
        self.session.impersonated_by.is_none() || !settings.security.restrict_impersonation
    }
}

/// Finds out who holds a token.
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

    /// The live session of the token and its user, by the store's word. A session found dead is removed; one whose
    /// token rests in the other form is rewritten (`Security::tokens_at_rest`).
    pub async fn run(
        &self,
        token: SessionToken,
        refresh: Refresh,
    ) -> Result<Option<CurrentSession>, StoreError> {
        let ticket = self.context.ports.session_cache.ticket();
        let sessions = self.context.store().sessions();
        let Some((mut session, user)) = sessions.find_with_user(&token).await? else {
            return Ok(None);
        };
        let policy = &self.context.settings.session;
        let now = self.context.now();
        if !policy.is_live(&session, now) {
            sessions.delete(&session.id).await?;
            return Ok(None);
        }
        self.migrate_stored_token(&mut session, &token).await?;
        let due = policy.extension(&session, now);
        let refreshed = match due {
            Some(until) if refresh == Refresh::IfDue => self.extend(&mut session, until, now).await?,
            _ => false,
        };
        self.context
            .ports
            .session_cache
            .put(ticket, &token, (session.clone(), user.clone()));
        Ok(Some(CurrentSession {
            session,
            user,
            token,
            refreshed,
            needs_refresh: due.is_some() && !refreshed,
        }))
    }

    /// The same, but what was learnt a moment ago may be told again, see [`SessionCache`]. For plain reading only: not
    /// for what changes something or needs freshness.
    ///
    /// [`SessionCache`]: doorward_domain::session::SessionCache
    pub async fn run_cached(
        &self,
        token: SessionToken,
        refresh: Refresh,
    ) -> Result<Option<CurrentSession>, StoreError> {
        if let Some(known) = self.context.ports.session_cache.get(&token) {
            let (session, user) = &*known;
            let policy = &self.context.settings.session;
            let now = self.context.now();
            if policy.is_live(session, now) && policy.extension(session, now).is_none() {
                let (session, user) = (session.clone(), user.clone());
                return Ok(Some(CurrentSession {
                    session,
                    user,
                    token,
                    refreshed: false,
                    needs_refresh: false,
                }));
            }
        }
        self.run(token, refresh).await
    }

    async fn migrate_stored_token(
        &self,
        session: &mut Session,
        token: &SessionToken,
    ) -> Result<(), StoreError> {
        let wanted = self.context.settings.security.tokens_at_rest;
        if session.token.storage() == wanted {
            return Ok(());
        }
        let (settled, now) = (token.stored(wanted), self.context.now());
        let sessions = self.context.store().sessions();
        if sessions
            .rewrite_token(&session.id, &session.token, &settled, now)
            .await?
        {
            session.token = settled;
            session.imported_at.get_or_insert(now);
        }
        Ok(())
    }

    /// Extends the session. Losing the race against another request, or against a revocation, changes nothing.
    async fn extend(
        &self,
        session: &mut Session,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let extended = self
            .context
            .store()
            .sessions()
            .extend(&session.id, session.expires_at, until, now)
            .await?;
        if extended {
            session.expires_at = until;
            session.updated_at = now;
        }
        Ok(extended)
    }
}
