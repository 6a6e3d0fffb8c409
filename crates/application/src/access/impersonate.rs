use doorward_domain::access::permissions;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::session::{Lifetime, SessionToken};
use doorward_domain::user::User;
use doorward_domain::{NotSignedIn, Removed, RequestContext, StoreError, UserId};

use super::authorize::{AdminError, Asked, require, require_over};
use crate::Context;
use crate::email::OwnerNotices;
use crate::sign_in::{Banned, IssuedSession, Rotation, SessionIssuer};

/// An impersonation.
#[derive(Debug)]
pub struct Impersonating {
    /// Who is impersonated.
    pub user: User,
    /// The session.
    pub opened: IssuedSession,
}

/// Impersonates a user, so that an administrator sees what they see.
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

    /// Issues a session of the user, marked with who impersonates them. Administrators are not impersonated, unless a
    /// permission or an option says so (AC-6). The administrator's own session stays.
    pub async fn run(&self, request: &RequestContext, id: &UserId) -> Result<Impersonating, AdminError> {
        require(&self.context, request, &permissions::user::IMPERSONATE)?;
        let active = request.signed_in()?;
        let settings = &self.context.settings;
        let tx = self.context.store().begin(request).await?;
        let target = require_over(
            &self.context,
            request,
            &*tx,
            id,
            &Asked::permissions(&[permissions::user::IMPERSONATE]),
        )
        .await?;
        let user = target.user();
        let caller = target.caller().ok_or(NotSignedIn)?;
        let any = settings.admin.allow_impersonating_admins
            || settings
                .access
                .permits(&caller.user, &permissions::user::IMPERSONATE_ADMINS);
        if settings.access.is_administrator(user) && !any {
            return Err(AdminError::ImpersonateAdministrator);
        }
        let duration = settings.admin.impersonation_session_duration;
        let issued = self
            .issuer
            .impersonate(request, &*tx, user, active, duration)
            .await?;
        let opened = issued.map_err(|Banned| AdminError::Banned)?;
        let notices = OwnerNotices::new(self.context.clone());
        notices.of_impersonation(&*tx, user).await?;
        tx.commit().await?;
        tracing::info!(by = %caller.user.id, user = %id, session = %opened.session.id, "impersonation began");
        Ok(Impersonating {
            user: (**user).clone(),
            opened,
        })
    }
}

/// The impersonation is over.
#[derive(Debug)]
pub struct Stopped {
    /// The administrator.
    pub user: User,
    /// Their session: the one they left, or one that follows it.
    pub opened: IssuedSession,
}

/// Why an impersonation was not ended.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The session is not an impersonation.
    #[error("nobody is impersonated")]
    NotImpersonating,
    /// The administrator's own session no longer exists, so they have to sign in.
    #[error("the administrator's session is gone")]
    SessionGone,
    /// There is no session.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends an impersonation.
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

    /// Ends the impersonation and restores the administrator's session, under a new token where that is wanted (SE-4).
    /// Neither its freshness nor its absolute age begins anew (PW-9, SE-8).
    pub async fn run(
        &self,
        request: &RequestContext,
        left: Option<SessionToken>,
        lifetime: Lifetime,
    ) -> Result<Stopped, StopError> {
        let caller = request.signed_in()?;
        let administrator = caller.session.impersonated_by.as_ref();
        let administrator = administrator.ok_or(StopError::NotImpersonating)?;
        let token = left.ok_or(StopError::SessionGone)?;
        let tx = self.context.store().begin(request).await?;
        let user = tx
            .users()
            .lock(administrator)
            .await?
            .ok_or(StopError::SessionGone)?;
        let found = tx.sessions().find_with_user(&token).await?;
        let now = self.context.now();
        let policy = &self.context.settings.session;
        let own = found.filter(|(session, owner)| {
            owner.id == user.id && session.impersonated_by.is_none() && policy.is_live(session, now)
        });
        let (session, _) = own.ok_or(StopError::SessionGone)?;
        if tx.sessions().delete(&caller.session.id).await? == Removed::AlreadyGone {
            return Err(StopError::NotImpersonating);
        }
        // What the row says of the session counts, not what a cookie says.
        let lifetime = session.lifetime.unwrap_or(lifetime);
        let opened = if self.context.settings.security.rotate_session_after_impersonation {
            let rotation = self
                .issuer
                .rotate(request, &*tx, &user, &session, None, lifetime)
                .await?;
            match rotation {
                Rotation::Rotated(issued) => issued,
                Rotation::Gone | Rotation::Denied(_) => return Err(StopError::SessionGone),
            }
        } else {
            IssuedSession {
                session,
                token,
                lifetime,
                device: None,
            }
        };
        tx.record(Event::of(EventKind::ImpersonationStopped, &caller.user.id))
            .await?;
        tx.commit().await?;
        tracing::info!(by = %user.id, user = %caller.user.id, "impersonation ended");
        Ok(Stopped {
            user: user.into_inner(),
            opened,
        })
    }
}
