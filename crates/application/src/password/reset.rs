use doorward_domain::account::Account;
use doorward_domain::password::{HashError, Password, PasswordProblem};
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{AccountId, StoreError, UserId};

use crate::Context;

/// Why no new password was set.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The token is unknown, used or expired.
    #[error("the token is invalid")]
    InvalidToken,
    /// The policy refuses the password; the token stays good.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The token's user is gone.
    #[error("the user is gone")]
    UserNotFound,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sets a new password for somebody who has a reset link.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    context: Context,
}

impl ResetPassword {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Whether the token would be accepted now. Uses nothing up.
    pub async fn check(&self, token: &str) -> Result<bool, StoreError> {
        match self.find(token).await {
            Ok(_) => Ok(true),
            Err(ResetPasswordError::Store(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Sets the password, once for each token (TK-3), and ends all sessions where that is wanted (SE-7).
    pub async fn run(&self, token: &str, password: &Password) -> Result<(), ResetPasswordError> {
        let settings = &self.context.settings;
        let policy = &settings.email_and_password.password;
        policy.check_length(password)?;
        let (key, row) = self.find(token).await?;
        let user_id = row.user_id.unwrap_or_else(|| UserId::from_stored(row.value));
        let found = self.context.store().users().find(&user_id).await?;
        let user = found.ok_or(ResetPasswordError::UserNotFound)?;
        policy.check(
            password,
            &user.name,
            &user.email,
            &*self.context.ports.common_passwords,
        )?;
        let hash = self.context.ports.hasher.hash(password).await?;

        let now = self.context.now();
        let tx = self.context.store().begin().await?;
        tx.verifications()
            .consume(&key, now)
            .await?
            .ok_or(ResetPasswordError::InvalidToken)?;
        tx.users()
            .lock(&user_id)
            .await?
            .ok_or(ResetPasswordError::UserNotFound)?;
        if !tx.accounts().set_password(&user_id, &hash, now).await? {
            let id = AccountId::mint(now, self.context.entropy());
            tx.accounts()
                .insert(&Account::with_password(id, user_id.clone(), hash, now))
                .await?;
        }
        if settings.email_and_password.revoke_sessions_on_password_reset {
            tx.sessions().delete_all(&user_id, None).await?;
        }
        if settings.security.cancel_older_links {
            let all = [
                Purpose::ResetPassword,
                Purpose::DeleteAccount,
                Purpose::VerifyEmail,
            ];
            tx.verifications().cancel(&user_id, &all).await?;
        }
        tx.commit().await?;
        tracing::info!(user = %user_id, "password reset");
        Ok(())
    }

    async fn find(&self, token: &str) -> Result<(VerificationKey, Verification), ResetPasswordError> {
        let token = OneTimeToken::parse(token).ok_or(ResetPasswordError::InvalidToken)?;
        let key = VerificationKey::new(Purpose::ResetPassword, token);
        let found = self.context.store().verifications().find(&key).await?;
        let live = found.filter(|row| row.expires_at > self.context.now());
        live.map(|row| (key, row)).ok_or(ResetPasswordError::InvalidToken)
    }
}
