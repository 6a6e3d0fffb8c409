use doorward_domain::StoreError;
use doorward_domain::password::{HashError, Password, PasswordProblem};
use doorward_domain::session::Lifetime;
use doorward_domain::user::User;
use doorward_domain::verification::Purpose;

use super::{VerifyPassword, VerifyPasswordError};
use crate::Context;
use crate::session::{AuthMethod, Client, CurrentSession, IssuedSession, SessionIssuer, SessionRequest};

/// Somebody who wants another password.
#[derive(Debug)]
pub struct ChangePasswordInput<'a> {
    /// Who asks.
    pub caller: &'a CurrentSession,
    /// The password they have.
    pub current: Password,
    /// The password they want.
    pub new: Password,
    /// Whether all other sessions end.
    pub revoke_other_sessions: bool,
    /// How long the browser stays signed in, should it get another session.
    pub lifetime: Lifetime,
    /// Where they come from.
    pub client: Client,
}

/// The password is another.
#[derive(Debug)]
pub struct PasswordChanged {
    /// The user.
    pub user: User,
    /// The session that takes the place of the caller's.
    pub opened: Option<IssuedSession>,
}

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The policy refuses the new password, or no password is as long as the current one.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The user signs in in other ways only.
    #[error("the user has no password")]
    NoCredential,
    /// The current password is wrong.
    #[error("the password is wrong")]
    Wrong,
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Replaces the password of somebody who knows it.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    context: Context,
    issuer: SessionIssuer,
    verify: VerifyPassword,
}

impl ChangePassword {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            issuer: SessionIssuer::new(context.clone()),
            verify: VerifyPassword::new(context.clone()),
            context,
        }
    }

    /// Sets the new password and settles which sessions go on, in one transaction (SE-4). Of two changes at once by
    /// the same old password, one wins.
    pub async fn run(&self, input: ChangePasswordInput<'_>) -> Result<PasswordChanged, ChangePasswordError> {
        let user = &input.caller.user;
        let policy = &self.context.settings.email_and_password.password;
        policy.check_length(&input.new)?;
        let account = self.verify.run(&user.id, &input.current).await?;
        policy.check(
            &input.new,
            &user.name,
            &user.email,
            &*self.context.ports.common_passwords,
        )?;
        let old = account.password.ok_or(ChangePasswordError::NoCredential)?;
        let new = self.context.ports.hasher.hash(&input.new).await?;

        let tx = self.context.store().begin().await?;
        let locked = tx.users().lock(&user.id).await?;
        let user = locked.ok_or(ChangePasswordError::NoCredential)?;
        if !tx
            .accounts()
            .replace_password(&user.id, &old, &new, self.context.now())
            .await?
        {
            return Err(ChangePasswordError::Wrong);
        }
        if self.context.settings.security.cancel_older_links {
            let all = [
                Purpose::ResetPassword,
                Purpose::DeleteAccount,
                Purpose::VerifyEmail,
            ];
            tx.verifications().cancel(&user.id, &all).await?;
        }
        let mut opened = None;
        if input.revoke_other_sessions || self.context.settings.security.rotate_session_on_password_change {
            if input.revoke_other_sessions {
                tx.sessions().delete_all(&user.id, None).await?;
            } else {
                tx.sessions().delete(&input.caller.session.id).await?;
            }
            let opening = SessionRequest {
                proof: AuthMethod::Password,
                lifetime: input.lifetime,
                client: input.client,
            };
            opened = self.issuer.open_if_admitted(&*tx, &user, opening).await?;
        }
        tx.commit().await?;
        tracing::info!(user = %user.id, "password changed");
        Ok(PasswordChanged { user, opened })
    }
}

impl From<VerifyPasswordError> for ChangePasswordError {
    fn from(error: VerifyPasswordError) -> Self {
        match error {
            VerifyPasswordError::TooLong => Self::Password(PasswordProblem::TooLong),
            VerifyPasswordError::NoCredential => Self::NoCredential,
            VerifyPasswordError::Wrong => Self::Wrong,
            VerifyPasswordError::Hash(error) => Self::Hash(error),
            VerifyPasswordError::Store(error) => Self::Store(error),
        }
    }
}
