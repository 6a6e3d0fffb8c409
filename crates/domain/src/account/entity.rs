use chrono::{DateTime, Utc};

use super::PasswordHash;
use crate::{AccountId, UserId};

/// The provider of accounts that sign in by password.
pub const CREDENTIAL_PROVIDER: &str = "credential";

/// One way for a user to sign in.
///
/// The tokens another provider issued stay in the store; nothing that is built here reads them.
#[derive(Clone, Debug)]
pub struct Account {
    /// Never changes.
    pub id: AccountId,
    /// The user.
    pub user_id: UserId,
    /// The identity provider: [`CREDENTIAL_PROVIDER`] or another's name.
    pub provider_id: String,
    /// The identity at the provider; of a password account the user's id.
    pub account_id: String,
    /// What the provider lets us do, as it wrote it, separated by commas.
    pub scope: Option<String>,
    /// The password, of a password account.
    pub password: Option<PasswordHash>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Account {
    /// An account that signs in by password.
    #[must_use]
    pub fn with_password(id: AccountId, user_id: UserId, password: PasswordHash, now: DateTime<Utc>) -> Self {
        Self {
            id,
            account_id: user_id.as_str().to_owned(),
            user_id,
            provider_id: CREDENTIAL_PROVIDER.to_owned(),
            scope: None,
            password: Some(password),
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether its user can sign in by it, if signing in by password is enabled or is not.
    #[must_use]
    pub fn is_usable(&self, passwords: bool) -> bool {
        if self.provider_id != CREDENTIAL_PROVIDER {
            return true;
        }
        passwords && self.password.is_some() && self.account_id == self.user_id.as_str()
    }

    /// What the provider lets us do, one by one.
    #[must_use]
    pub fn scopes(&self) -> Vec<&str> {
        self.scope
            .as_deref()
            .map(|scope| scope.split(',').filter(|part| !part.is_empty()).collect())
            .unwrap_or_default()
    }
}
