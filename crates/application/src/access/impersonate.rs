use doorward_domain::access::permissions;
use doorward_domain::session::{Lifetime, SessionToken};
use doorward_domain::user::User;
use doorward_domain::{StoreError, UserId};

use super::authorize::{AdminError, lock, require};
use crate::Context;
use crate::session::{
    AuthMethod, Client, CurrentSession, IssuedSession, SessionIssuer, SessionRequest, SignInDenied,
};

/// A session in somebody's place.
#[derive(Debug)]
pub struct Impersonating {
    /// Whose place.
    pub user: User,
    /// The session.
    pub opened: IssuedSession,
}

/// Takes a user's place, so that an administrator sees what they see.
#[derive(Clone, Debug)]
pub struct Impersonate {
    context: Context,
    issuer: SessionIssuer,
}

impl Impersonate {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            issuer: SessionIssuer::new(context.clone()),
            context,
        }
    }

    /// Opens a session of the user, marked with who uses it. Administrators are not impersonated, unless a permission or an
    /// option says so (AC-6). The administrator's own session stays.
    pub async fn run(
        &self,
        caller: &CurrentSession,
        id: &UserId,
        client: Client,
    ) -> Result<Impersonating, AdminError> {
        require(&self.context, caller, &permissions::user::IMPERSONATE)?;
        let settings = &self.context.settings;
        let tx = self.context.store().begin().await?;
        let user = lock(&*tx, id).await?;
        let any = settings.admin.allow_impersonating_admins
            || settings
                .access
                .permits(&caller.user, &permissions::user::IMPERSONATE_ADMINS);
        if settings.access.is_administrator(&user) && !any {
            return Err(AdminError::ImpersonateAdministrator);
        }
        let opening = SessionRequest {
            proof: AuthMethod::Impersonation {
                by: caller.user.id.clone(),
                duration: settings.admin.impersonation_session_duration,
            },
            lifetime: Lifetime::BrowserSession,
            client,
        };
        let opened = match self.issuer.open(&*tx, &user, opening).await {
            Ok(opened) => opened,
            Err(SignInDenied::Store(error)) => return Err(error.into()),
            Err(SignInDenied::Banned | SignInDenied::EmailNotVerified) => return Err(AdminError::Banned),
        };
        tx.commit().await?;
        tracing::info!(by = %caller.user.id, user = %id, session = %opened.session.id, "impersonation began");
        Ok(Impersonating { user, opened })
    }
}

/// The administrator is themselves again.
#[derive(Debug)]
pub struct Stopped {
    /// The administrator.
    pub user: User,
    /// Their session: the one they left, or one that follows it.
    pub opened: IssuedSession,
}

/// Why somebody stays in another's place.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// They are themselves.
    #[error("nobody is impersonated")]
    NotImpersonating,
    /// The session they left is gone, so they have to sign in.
    #[error("the administrator's session is gone")]
    SessionGone,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives an administrator their own place back.
#[derive(Clone, Debug)]
pub struct StopImpersonating {
    context: Context,
    issuer: SessionIssuer,
}

impl StopImpersonating {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            issuer: SessionIssuer::new(context.clone()),
            context,
        }
    }

    /// Ends the impersonated session and goes on with the administrator's, under a new token where that is wanted (SE-4).
    pub async fn run(
        &self,
        caller: &CurrentSession,
        left: Option<SessionToken>,
        lifetime: Lifetime,
        client: Client,
    ) -> Result<Stopped, StopError> {
        let administrator = caller.session.impersonated_by.as_ref();
        let administrator = administrator.ok_or(StopError::NotImpersonating)?;
        let token = left.ok_or(StopError::SessionGone)?;
        let tx = self.context.store().begin().await?;
        let user = tx
            .users()
            .lock(administrator)
            .await?
            .ok_or(StopError::SessionGone)?;
        let found = tx.sessions().find_with_user(&token).await?;
        let now = self.context.now();
        let policy = &self.context.settings.session;
        let own = found.filter(|(session, owner)| owner.id == user.id && policy.is_live(session, now));
        let (session, _) = own.ok_or(StopError::SessionGone)?;
        tx.sessions().delete(&caller.session.id).await?;
        let opened = if self.context.settings.security.rotate_session_after_impersonation {
            tx.sessions().delete(&session.id).await?;
            let opening = SessionRequest {
                proof: AuthMethod::Session,
                lifetime,
                client,
            };
            let opened = self.issuer.open_if_admitted(&*tx, &user, opening).await?;
            opened.ok_or(StopError::SessionGone)?
        } else {
            IssuedSession {
                session,
                token,
                lifetime,
            }
        };
        tx.commit().await?;
        tracing::info!(by = %user.id, user = %caller.user.id, "impersonation ended");
        Ok(Stopped { user, opened })
    }
}
