use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::EmailKind;
use doorward_domain::password::{HashError, Password, PasswordProblem};
use doorward_domain::session::{AuthMethod, Authentication, Lifetime};
use doorward_domain::user::User;
use doorward_domain::{Changed, NotSignedIn, RequestContext, StoreError};

use super::{VerifyPassword, VerifyPasswordError};
use crate::Context;
use crate::device::KnownDevices;
use crate::email::OwnerNotices;
use crate::rate_limit::TooManyAttempts;
use crate::session::{Caller, lock_caller};
use crate::sign_in::{IssuedSession, Rotation, SessionIssuer};
use crate::verification::cancel_links;

/// The input of [`ChangePassword`].
#[derive(Debug)]
pub struct ChangePasswordInput {
    /// The current password.
    pub current: Password,
    /// The new password.
    pub new: Password,
    /// Whether all other sessions end.
    pub revoke_other_sessions: bool,
    /// How long the browser stays signed in, should it get another session.
    pub lifetime: Lifetime,
}

/// The password was changed.
#[derive(Debug)]
pub struct PasswordChanged {
    /// The user.
    pub user: User,
    /// The session that takes the place of the caller's.
    pub opened: Option<IssuedSession>,
}

/// Why the password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The policy refuses the new password, or no password is as long as the current one.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The user has no password.
    #[error("the user has no password")]
    NoCredential,
    /// The current password is wrong.
    #[error("the password is wrong")]
    Wrong,
    /// Too many were wrong before, so that this one was not looked at.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// No session, or the session was revoked meanwhile (SE-5).
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Replaces the password of a user who knows the current one.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    context: Context,
    devices: KnownDevices,
    issuer: SessionIssuer,
    notices: OwnerNotices,
    verify: VerifyPassword,
}

impl ChangePassword {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            devices: KnownDevices::new(context.clone()),
            issuer: SessionIssuer::new(context.clone()),
            notices: OwnerNotices::new(context.clone()),
            verify: VerifyPassword::new(context.clone()),
            context,
        }
    }

    /// Sets the new password and ends the other sessions where asked, in one transaction (SE-4). Of two concurrent changes by
    /// the same old password, one succeeds.
    pub async fn run(
        &self,
        request: &RequestContext,
        input: ChangePasswordInput,
    ) -> Result<PasswordChanged, ChangePasswordError> {
        let caller = request.signed_in()?;
        let user = &caller.user;
        let policy = &self.context.settings.email_and_password.password;
        policy.check_length(&input.new)?;
        let account = self.verify.run(request, &input.current).await?;
        self.context
            .check_new_password(&input.new, &user.name, &user.email)
            .await?;
        let old = account.password.ok_or(ChangePasswordError::NoCredential)?;
        let new = self.context.ports.hasher.hash(&input.new).await?;

        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let Caller { user, session } = locked.ok_or(NotSignedIn)?;
        let replaced = tx
            .accounts()
            .replace_password(&user.id, &old, &new, self.context.now())
            .await?;
        if replaced == Changed::Stale {
            return Err(ChangePasswordError::Wrong);
        }
        cancel_links(&*tx, &self.context, &user).await?;
        let mut opened = None;
        if input.revoke_other_sessions || self.context.settings.security.rotate_session_on_password_change {
            let proof = Authentication::by(AuthMethod::Password, self.context.now());
            let rotation = self
                .issuer
                .rotate(request, &*tx, &user, &session, Some(proof), input.lifetime)
                .await?;
            opened = match rotation {
                Rotation::Rotated(issued) => Some(issued),
                Rotation::Denied(_) => None,
                // The session was revoked, so it must not change anything.
                Rotation::Gone => return Err(NotSignedIn.into()),
            };
        }
        if input.revoke_other_sessions {
            let keep = opened.as_ref().map(|issued| &issued.session.id);
            tx.sessions().delete_all(&user.id, keep).await?;
            let is_remembered = input.lifetime == Lifetime::Remembered;
            let device = self.devices.keep_only_this(&*tx, &user, is_remembered).await?;
            if let Some(opened) = &mut opened {
                opened.device = device;
            }
        }
        let notice = |circumstances| EmailKind::PasswordChanged { circumstances };
        self.notices.of_act(&*tx, &user, notice).await?;
        tx.record(Event::of(EventKind::PasswordChanged, &user.id)).await?;
        tx.commit().await?;
        tracing::info!(user = %user.id, "password changed");
        Ok(PasswordChanged {
            user: user.into_inner(),
            opened,
        })
    }
}

impl From<VerifyPasswordError> for ChangePasswordError {
    fn from(error: VerifyPasswordError) -> Self {
        match error {
            VerifyPasswordError::TooLong => Self::Password(PasswordProblem::TooLong),
            VerifyPasswordError::NoCredential => Self::NoCredential,
            VerifyPasswordError::Wrong => Self::Wrong,
            VerifyPasswordError::TooManyAttempts(error) => Self::TooManyAttempts(error),
            VerifyPasswordError::NotSignedIn(error) => Self::NotSignedIn(error),
            VerifyPasswordError::Hash(error) => Self::Hash(error),
            VerifyPasswordError::Store(error) => Self::Store(error),
        }
    }
}
