use doorward_domain::account::Account;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::password::{HashError, Password};
use doorward_domain::{NotSignedIn, RequestContext, StoreError};

use super::budgets;
use crate::Context;
use crate::audit::record_refusal;
use crate::rate_limit::{AttemptError, AttemptLimiter, TooManyAttempts};

/// Why a password was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyPasswordError {
    /// The password is longer than the policy allows.
    #[error("the password is too long")]
    TooLong,
    /// The user has no password.
    #[error("the user has no password")]
    NoCredential,
    /// It is not the user's password.
    #[error("the password is wrong")]
    Wrong,
    /// Too many were wrong before, so that this one was not looked at.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// There is no session.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The password could not be compared.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Verifies the password of the signed-in user again.
#[derive(Clone, Debug)]
pub struct VerifyPassword {
    context: Context,
    attempts: AttemptLimiter,
}

impl VerifyPassword {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            attempts: AttemptLimiter::new(context.clone()),
            context,
        }
    }

    /// The account whose password it is.
    pub async fn run(
        &self,
        request: &RequestContext,
        password: &Password,
    ) -> Result<Account, VerifyPasswordError> {
        let user = &request.signed_in()?.user.id;
        if self
            .context
            .settings
            .email_and_password
            .password
            .is_too_long(password)
        {
            return Err(VerifyPasswordError::TooLong);
        }
        let found = self.context.store().accounts().find_credential(user).await?;
        let account = found
            .filter(|account| account.password.is_some())
            .ok_or(VerifyPasswordError::NoCredential)?;
        let max = self.context.settings.security.max_password_attempts;
        let attempt = self.attempts.begin(request, budgets::of_user(user), max).await?;
        let hasher = &self.context.ports.hasher;
        match hasher.verify(password, account.password.as_ref()).await {
            Ok(verdict) if verdict.is_match() => {
                self.attempts.succeed(request, attempt).await?;
                Ok(account)
            }
            // It counts as it was counted.
            Ok(_) => {
                let event = Event::of(EventKind::PasswordCheckFailed, user);
                record_refusal(&self.context, request, event).await?;
                Err(VerifyPasswordError::Wrong)
            }
            Err(error) => {
                self.attempts.give_back(request, attempt).await;
                Err(error.into())
            }
        }
    }
}

impl From<AttemptError> for VerifyPasswordError {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::TooMany(error) => Self::TooManyAttempts(error),
            AttemptError::Store(error) => Self::Store(error),
        }
    }
}
