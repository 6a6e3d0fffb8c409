use doorward_domain::account::Account;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::device::DeviceToken;
use doorward_domain::email::EmailKind;
use doorward_domain::password::{HashError, Password, PasswordProblem};
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{AccountId, Changed, RequestContext, StoreError};

use super::budgets;
use crate::Context;
use crate::device::KnownDevices;
use crate::email::OwnerNotices;
use crate::verification::{Binding, cancel_links};

/// Why no new password was set.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The token is unknown, used or expired.
    #[error("the token is invalid")]
    InvalidToken,
    /// The policy refuses the password; the token stays valid.
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

/// Sets a new password by a reset link.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    context: Context,
    devices: KnownDevices,
    notices: OwnerNotices,
}

impl ResetPassword {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            devices: KnownDevices::new(context.clone()),
            notices: OwnerNotices::new(context.clone()),
            context,
        }
    }

    /// Whether the token would be accepted now. Does not consume it.
    pub async fn check(&self, token: &str) -> Result<bool, StoreError> {
        match self.find(token).await {
            Ok(_) => Ok(true),
            Err(ResetPasswordError::Store(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Sets the password, once for each token (TK-3), and ends all sessions where that is wanted (SE-7). Answers the token by
    /// which the browser is recognised from now on, where devices are known; all others are forgotten.
    pub async fn run(
        &self,
        request: &RequestContext,
        token: &str,
        password: &Password,
    ) -> Result<Option<DeviceToken>, ResetPasswordError> {
        let settings = &self.context.settings;
        let policy = &settings.email_and_password.password;
        policy.check_length(password)?;
        let (key, row) = self.find(token).await?;
        let user_id = Binding::of(row).user_id;
        let found = self.context.store().users().find(&user_id).await?;
        let user = found.ok_or(ResetPasswordError::UserNotFound)?;
        self.context
            .check_new_password(password, &user.name, &user.email)
            .await?;
        let hash = self.context.ports.hasher.hash(password).await?;

        let now = self.context.now();
        let tx = self.context.store().begin(request).await?;
        // First the user, as everywhere: whoever has them locked may be about to cancel the token.
        let locked = tx.users().lock(&user_id).await?;
        let user = locked.ok_or(ResetPasswordError::UserNotFound)?;
        let consumed = tx.verifications().consume(&key, now).await?;
        let binding = Binding::of(consumed.ok_or(ResetPasswordError::InvalidToken)?);
        if !binding.fits(&user) {
            return Err(ResetPasswordError::InvalidToken);
        }
        if tx.accounts().set_password(&user.id, &hash, now).await? == Changed::Stale {
            let id = AccountId::mint(now, self.context.entropy());
            let account = Account::with_password(id, user.id.clone(), hash, now);
            tx.accounts().insert(&account).await?;
        }
        budgets::lift(&*tx, &user).await?;
        if settings.email_and_password.revoke_sessions_on_password_reset {
            tx.sessions().delete_all(&user.id, None).await?;
        }
        let device = self.devices.keep_only_this(&*tx, &user, true).await?;
        let notice = |circumstances| EmailKind::PasswordChanged { circumstances };
        self.notices.of_act(&*tx, &user, notice).await?;
        cancel_links(&*tx, &self.context, &user).await?;
        tx.record(Event::of(EventKind::PasswordReset, &user.id)).await?;
        tx.commit().await?;
        tracing::info!(user = %user.id, "password reset");
        Ok(device)
    }

    async fn find(&self, token: &str) -> Result<(VerificationKey, Verification), ResetPasswordError> {
        let token = OneTimeToken::parse(token).ok_or(ResetPasswordError::InvalidToken)?;
        let key = VerificationKey::new(Purpose::ResetPassword, token);
        let found = self.context.store().verifications().find(&key).await?;
        let live = found.filter(|row| row.expires_at > self.context.now());
        live.map(|row| (key, row)).ok_or(ResetPasswordError::InvalidToken)
    }
}
