use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Account;
use super::PasswordHash;
use crate::{AccountId, Changed, StoreError, UserId};

/// The result of unlinking an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinked {
    /// It was removed.
    Done,
    /// It is the only account and was not removed.
    WasLast,
    /// The user has no such account.
    Unknown,
}

/// Where ways to sign in are kept. Every method names the user whose accounts it means (AC-1), but for
/// [`hashes`](Self::hashes), which looks at the hashes of all.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AccountRepository: Send + Sync {
    /// Adds an account.
    async fn insert(&self, account: &Account) -> Result<(), StoreError>;

    /// The user's account that signs in by password: that whose account id is the user's id.
    async fn find_credential(&self, user: &UserId) -> Result<Option<Account>, StoreError>;

    /// All accounts of the user, oldest first.
    async fn list(&self, user: &UserId) -> Result<Vec<Account>, StoreError>;

    /// At most `limit` stored password hashes of any accounts, in the order of the ids of these, which come with them; those
    /// after this id, or from the first on.
    async fn hashes<'a>(
        &self,
        after: Option<&'a AccountId>,
        limit: u64,
    ) -> Result<Vec<(AccountId, PasswordHash)>, StoreError>;

    /// Those of the user's accounts with tokens of another provider, which Better Auth left. Nothing here reads the tokens.
    async fn with_provider_tokens(&self, user: &UserId) -> Result<Vec<AccountId>, StoreError>;

    /// Sets the password of the user's password account, if there is one.
    async fn set_password(
        &self,
        user: &UserId,
        password: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;

    /// Sets the password if it still is `from`: of concurrent changes by the same old password one wins.
    async fn replace_password(
        &self,
        user: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;

    /// Removes an account, the last one only if `allow_last`. Call it after
    /// [`lock`](crate::user::UserRepository::lock), so that two callers cannot each leave the other's.
    async fn unlink(
        &self,
        user: &UserId,
        account: &AccountId,
        allow_last: bool,
    ) -> Result<Unlinked, StoreError>;
}
