use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::account::PasswordHash;
use doorward_domain::account::{Account, AccountRepository, CREDENTIAL_PROVIDER, Unlinked};
use doorward_domain::{AccountId, Changed, Constraint, StoreError, UserId};

use super::store::{Access, MemoryRepositories, remove};
use super::tables::Tables;

impl Tables {
    fn credential_mut(&mut self, user: &UserId) -> Option<&mut Account> {
        self.accounts
            .iter_mut()
            .find(|account| is_credential(account, user))
    }
}

fn is_credential(account: &Account, user: &UserId) -> bool {
    account.user_id == *user
        && account.provider_id == CREDENTIAL_PROVIDER
        && account.account_id == user.as_str()
}

fn set(account: &mut Account, password: &PasswordHash, now: DateTime<Utc>) {
    account.password = Some(password.clone());
    account.updated_at = now;
}

#[async_trait]
impl<A: Access> AccountRepository for MemoryRepositories<A> {
    async fn insert(&self, account: &Account) -> Result<(), StoreError> {
        self.write(|tables| {
            if tables.accounts.iter().any(|other| other.id == account.id) {
                return Err(StoreError::Conflict(Constraint::Other));
            }
            if !tables.users.iter().any(|user| user.id == account.user_id) {
                return Err(StoreError::Failed("an account needs a user".into()));
            }
            tables.accounts.push(account.clone());
            Ok(())
        })
        .await
    }

    async fn hashes<'a>(
        &self,
        after: Option<&'a AccountId>,
        limit: u64,
    ) -> Result<Vec<(AccountId, PasswordHash)>, StoreError> {
        let with_hash = |account: &Account| Some((account.id.clone(), account.password.as_ref()?.clone()));
        let mut found: Vec<_> = self.read(|tables| tables.accounts.iter().filter_map(with_hash).collect());
        found.retain(|(id, _)| after.is_none_or(|after| id > after));
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn find_credential(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.read(|tables| {
            tables
                .accounts
                .iter()
                .find(|account| is_credential(account, user))
                .cloned()
        }))
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Account>, StoreError> {
        let theirs = |tables: &Tables| -> Vec<Account> {
            tables
                .accounts
                .iter()
                .filter(|account| account.user_id == *user)
                .cloned()
                .collect()
        };
        let mut accounts = self.read(theirs);
        accounts.sort_by(|a, b| (a.created_at, a.id.as_str()).cmp(&(b.created_at, b.id.as_str())));
        Ok(accounts)
    }

    async fn with_provider_tokens(&self, _: &UserId) -> Result<Vec<AccountId>, StoreError> {
        // Better Auth was never here.
        Ok(Vec::new())
    }

    async fn set_password(
        &self,
        user: &UserId,
        password: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let change = |tables: &mut Tables| {
            tables
                .credential_mut(user)
                .map(|account| set(account, password, now))
        };
        Ok(Changed::by_count(self.write(change).await.map_or(0, |()| 1)))
    }

    async fn replace_password(
        &self,
        user: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let is_from = |account: &&mut Account| {
            account
                .password
                .as_ref()
                .is_some_and(|present| present.expose() == from.expose())
        };
        let change = |tables: &mut Tables| {
            tables
                .credential_mut(user)
                .filter(is_from)
                .map(|account| set(account, to, now))
        };
        Ok(Changed::by_count(self.write(change).await.map_or(0, |()| 1)))
    }

    async fn unlink(
        &self,
        user: &UserId,
        account: &AccountId,
        allow_last: bool,
    ) -> Result<Unlinked, StoreError> {
        Ok(self
            .write(|tables| {
                let count = tables.accounts.iter().filter(|one| one.user_id == *user).count();
                if count <= 1 && !allow_last {
                    return Unlinked::WasLast;
                }
                match remove(&mut tables.accounts, |one| {
                    one.user_id == *user && one.id == *account
                }) {
                    0 => Unlinked::Unknown,
                    _ => Unlinked::Done,
                }
            })
            .await)
    }
}
