mod devices;

mod audit_events;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::account::{Account, AccountRepository, Unlinked};
use doorward_domain::email::{Backlog, OutboxMessage, OutboxRepository};
use doorward_domain::fields::FieldChanges;
use doorward_domain::password::PasswordHash;
use doorward_domain::rate_limit::{Budget, BudgetKey, BudgetRepository, Spending};
use doorward_domain::session::{Session, SessionHandle, SessionRepository, SessionToken, StoredToken};
use doorward_domain::user::{Email, User, UserChange, UserRepository, UserRepositoryDecorator};
use doorward_domain::verification::{Purpose, Verification, VerificationKey, VerificationRepository};
use doorward_domain::{
    AccountId, Changed, Inserted, Locked, Removed, Repositories, RequestContext, RequestFacts, SessionId,
    Store, StoreError, Transaction, UserId,
};

type Answer<T> = Result<T, StoreError>;

/// Counts writes and lets one of them fail.
#[derive(Debug)]
struct Fault {
    at: usize,
    writes: AtomicUsize,
}

/// Repositories whose writes may fail, in front of others.
pub struct Faulty<S> {
    inner: S,
    fault: Arc<Fault>,
}

/// A store whose n-th write fails with [`StoreError::Unavailable`] and is not done; all others are. Beginning a transaction,
/// recording an event and committing are writes, too. For showing that a use-case does everything or nothing.
pub type FaultyStore = Faulty<Arc<dyn Store>>;

impl FaultyStore {
    /// The store in front of this one; the first write is number 1.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, at: usize) -> Self {
        let fault = Fault {
            at,
            writes: AtomicUsize::new(0),
        };
        Self {
            inner,
            fault: Arc::new(fault),
        }
    }

    /// Whether there were writes enough for one to fail.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.fault.writes.load(Ordering::SeqCst) >= self.fault.at
    }
}

impl<S> Faulty<S> {
    fn write(&self) -> Answer<()> {
        let number = self.fault.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if number == self.fault.at {
            Err(StoreError::Unavailable(format!("write {number} fails").into()))
        } else {
            Ok(())
        }
    }
}

/// What refers to repositories: a shared store, or a transaction.
pub trait Refers: Deref<Target: Repositories> + Send + Sync + 'static {}

impl<S: Deref<Target: Repositories> + Send + Sync + 'static> Refers for S {}

impl<S: Refers> Repositories for Faulty<S> {
    doorward_domain::own_repositories!();
}

#[async_trait]
impl Store for FaultyStore {
    async fn begin(&self, request: &RequestContext) -> Answer<Box<dyn Transaction>> {
        self.write()?;
        Ok(Box::new(Faulty {
            inner: self.inner.begin(request).await?,
            fault: self.fault.clone(),
        }))
    }

    async fn ping(&self) -> Answer<()> {
        self.inner.ping().await
    }

    async fn is_up_to_date(&self) -> Answer<bool> {
        self.inner.is_up_to_date().await
    }
}

#[async_trait]
impl Transaction for Faulty<Box<dyn Transaction>> {
    fn request(&self) -> &RequestFacts {
        self.inner.request()
    }

    async fn commit(self: Box<Self>) -> Answer<()> {
        self.write()?;
        self.inner.commit().await
    }
}

#[async_trait]
impl<S: Refers> UserRepositoryDecorator for Faulty<S> {
    fn inner(&self) -> &dyn UserRepository {
        self.inner.users()
    }

    async fn insert(&self, user: &User) -> Answer<()> {
        self.write()?;
        self.inner.users().insert(user).await
    }

    async fn update(&self, id: &UserId, change: &UserChange, now: DateTime<Utc>) -> Answer<Option<User>> {
        self.write()?;
        self.inner.users().update(id, change, now).await
    }

    async fn mark_email_verified(&self, id: &UserId, email: &Email, now: DateTime<Utc>) -> Answer<Changed> {
        self.write()?;
        self.inner.users().mark_email_verified(id, email, now).await
    }

    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.write()?;
        let users = self.inner.users();
        users.change_email(id, from, to, verified, now).await
    }

    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Answer<Removed> {
        self.write()?;
        self.inner.users().soft_delete(id, now).await
    }

    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Answer<Changed> {
        self.write()?;
        self.inner.users().restore(id, now).await
    }

    async fn delete(&self, id: &UserId) -> Answer<Removed> {
        self.write()?;
        self.inner.users().delete(id).await
    }

    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Answer<Vec<UserId>> {
        self.write()?;
        self.inner.users().purge_deleted(before, limit).await
    }
}

#[async_trait]
impl<S: Refers> AccountRepository for Faulty<S> {
    async fn insert(&self, account: &Account) -> Answer<()> {
        self.write()?;
        self.inner.accounts().insert(account).await
    }

    async fn hashes<'a>(
        &self,
        after: Option<&'a AccountId>,
        limit: u64,
    ) -> Answer<Vec<(AccountId, PasswordHash)>> {
        self.inner.accounts().hashes(after, limit).await
    }

    async fn find_credential(&self, user: &UserId) -> Answer<Option<Account>> {
        self.inner.accounts().find_credential(user).await
    }

    async fn with_provider_tokens(&self, user: &UserId) -> Answer<Vec<AccountId>> {
        self.inner.accounts().with_provider_tokens(user).await
    }

    async fn list(&self, user: &UserId) -> Answer<Vec<Account>> {
        self.inner.accounts().list(user).await
    }

    async fn set_password(
        &self,
        user: &UserId,
        password: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.write()?;
        self.inner.accounts().set_password(user, password, now).await
    }

    async fn replace_password(
        &self,
        user: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.write()?;
        let accounts = self.inner.accounts();
        accounts.replace_password(user, from, to, now).await
    }

    async fn unlink(&self, user: &UserId, account: &AccountId, allow_last: bool) -> Answer<Unlinked> {
        self.write()?;
        self.inner.accounts().unlink(user, account, allow_last).await
    }
}

#[async_trait]
impl<S: Refers> SessionRepository for Faulty<S> {
    async fn insert(&self, session: &Session) -> Answer<()> {
        self.write()?;
        self.inner.sessions().insert(session).await
    }

    async fn find_with_user(&self, token: &SessionToken) -> Answer<Option<(Session, User)>> {
        self.inner.sessions().find_with_user(token).await
    }

    async fn lock(&self, id: &SessionId) -> Answer<Option<Locked<Session>>> {
        self.inner.sessions().lock(id).await
    }

    async fn rewrite_token(
        &self,
        id: &SessionId,
        from: &StoredToken,
        to: &StoredToken,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.write()?;
        self.inner.sessions().rewrite_token(id, from, to, now).await
    }

    async fn extend(
        &self,
        id: &SessionId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.write()?;
        self.inner.sessions().extend(id, from, to, now).await
    }

    async fn update_extra(
        &self,
        id: &SessionId,
        changes: &FieldChanges,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.write()?;
        self.inner.sessions().update_extra(id, changes, now).await
    }

    async fn list_live(&self, user: &UserId, now: DateTime<Utc>) -> Answer<Vec<Session>> {
        self.inner.sessions().list_live(user, now).await
    }

    async fn list_all(&self, user: &UserId) -> Answer<Vec<Session>> {
        self.inner.sessions().list_all(user).await
    }

    async fn list_impersonations(&self, administrator: &UserId) -> Answer<Vec<Session>> {
        self.inner.sessions().list_impersonations(administrator).await
    }

    async fn delete(&self, id: &SessionId) -> Answer<Removed> {
        self.write()?;
        self.inner.sessions().delete(id).await
    }

    async fn delete_unless_extended(&self, id: &SessionId, expires_at: DateTime<Utc>) -> Answer<Removed> {
        self.write()?;
        let sessions = self.inner.sessions();
        sessions.delete_unless_extended(id, expires_at).await
    }

    async fn delete_by_handle(&self, user: &UserId, handle: &SessionHandle) -> Answer<Option<SessionId>> {
        self.write()?;
        self.inner.sessions().delete_by_handle(user, handle).await
    }

    async fn find_by_handle(&self, handle: &SessionHandle) -> Answer<Option<Session>> {
        self.inner.sessions().find_by_handle(handle).await
    }

    async fn delete_all<'a>(&self, user: &UserId, keep: Option<&'a SessionId>) -> Answer<u64> {
        self.write()?;
        self.inner.sessions().delete_all(user, keep).await
    }

    async fn trim(&self, user: &UserId, keep: u64) -> Answer<u64> {
        self.write()?;
        self.inner.sessions().trim(user, keep).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Answer<u64> {
        self.write()?;
        self.inner.sessions().purge_expired(now, limit).await
    }
}

#[async_trait]
impl<S: Refers> VerificationRepository for Faulty<S> {
    async fn insert(&self, verification: &Verification) -> Answer<()> {
        self.write()?;
        self.inner.verifications().insert(verification).await
    }

    async fn insert_unless_live(&self, verification: &Verification, now: DateTime<Utc>) -> Answer<Inserted> {
        self.write()?;
        let verifications = self.inner.verifications();
        verifications.insert_unless_live(verification, now).await
    }

    async fn find(&self, key: &VerificationKey) -> Answer<Option<Verification>> {
        self.inner.verifications().find(key).await
    }

    async fn consume(&self, key: &VerificationKey, now: DateTime<Utc>) -> Answer<Option<Verification>> {
        self.write()?;
        self.inner.verifications().consume(key, now).await
    }

    async fn cancel(&self, user: &UserId, purposes: &[Purpose]) -> Answer<u64> {
        self.write()?;
        self.inner.verifications().cancel(user, purposes).await
    }

    async fn list(&self, user: &UserId) -> Answer<Vec<Verification>> {
        self.inner.verifications().list(user).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Answer<u64> {
        self.write()?;
        self.inner.verifications().purge_expired(now, limit).await
    }
}

#[async_trait]
impl<S: Refers> OutboxRepository for Faulty<S> {
    async fn push(&self, message: &OutboxMessage) -> Answer<()> {
        self.write()?;
        self.inner.outbox().push(message).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: u64,
    ) -> Answer<Vec<OutboxMessage>> {
        self.write()?;
        self.inner.outbox().claim(now, lease_until, limit).await
    }

    async fn list(&self, after: Option<String>, limit: u64) -> Answer<Vec<OutboxMessage>> {
        self.inner.outbox().list(after, limit).await
    }

    async fn backlog(&self) -> Answer<Backlog> {
        self.inner.outbox().backlog().await
    }

    async fn remove(&self, id: &str, lease_until: DateTime<Utc>) -> Answer<Removed> {
        self.write()?;
        self.inner.outbox().remove(id, lease_until).await
    }

    async fn reschedule(
        &self,
        id: &str,
        lease_until: DateTime<Utc>,
        attempts: u32,
        due_at: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.write()?;
        let outbox = self.inner.outbox();
        outbox.reschedule(id, lease_until, attempts, due_at).await
    }
}

#[async_trait]
impl<S: Refers> BudgetRepository for Faulty<S> {
    async fn spend(&self, key: &BudgetKey, budget: &Budget, now: DateTime<Utc>) -> Answer<Spending> {
        self.write()?;
        self.inner.budgets().spend(key, budget, now).await
    }

    async fn refund(&self, key: &BudgetKey, used: u32, now: DateTime<Utc>) -> Answer<Changed> {
        self.write()?;
        self.inner.budgets().refund(key, used, now).await
    }

    async fn reset(&self, key: &BudgetKey) -> Answer<Removed> {
        self.write()?;
        self.inner.budgets().reset(key).await
    }

    async fn reset_all(&self, key: &BudgetKey) -> Answer<u64> {
        self.write()?;
        self.inner.budgets().reset_all(key).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Answer<u64> {
        self.write()?;
        self.inner.budgets().purge_expired(now, limit).await
    }
}
