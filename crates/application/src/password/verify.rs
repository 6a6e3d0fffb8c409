use doorward_domain::account::Account;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::password::{HashError, Password};
use doorward_domain::{NotSignedIn, RequestContext, StoreError};

use crate::Context;
use crate::audit::record_refusal;

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
}

impl VerifyPassword {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
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
        let verdict = self
            .context
            .ports
            .hasher
            .verify(password, account.password.as_ref())
            .await?;
        if verdict.is_match() {
            Ok(account)
        } else {
            let event = Event::of(EventKind::PasswordCheckFailed, user);
            record_refusal(&self.context, request, event).await?;
            Err(VerifyPasswordError::Wrong)
        }
    }
}
