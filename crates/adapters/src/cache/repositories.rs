//! The methods of the two watched repositories that write: they ask the store behind, then note it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::fields::FieldChanges;
use doorward_domain::session::{Session, SessionHandle, SessionRepository, SessionToken, StoredToken};
use doorward_domain::user::{Email, User, UserChange, UserRepository, UserRepositoryDecorator};
use doorward_domain::{Changed, Locked, Removed, SessionId, StoreError, UserId};

use super::store::{Inner, Watched};

type Answer<T> = Result<T, StoreError>;

#[async_trait]
impl<S: Inner> UserRepositoryDecorator for Watched<S> {
    fn inner(&self) -> &dyn UserRepository {
        self.inner().users()
    }

    async fn update(&self, id: &UserId, change: &UserChange, now: DateTime<Utc>) -> Answer<Option<User>> {
        let outcome = self.inner().users().update(id, change, now).await;
        self.note(outcome, Option::is_some)
    }

    async fn mark_email_verified(&self, id: &UserId, email: &Email, now: DateTime<Utc>) -> Answer<Changed> {
        let outcome = self.inner().users().mark_email_verified(id, email, now).await;
        self.note(outcome, |outcome| outcome.is_applied())
    }

    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        let users = self.inner().users();
        let outcome = users.change_email(id, from, to, verified, now).await;
        self.note(outcome, |outcome| outcome.is_applied())
    }

    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Answer<Removed> {
        self.note(self.inner().users().soft_delete(id, now).await, |outcome| {
            outcome.is_removed()
        })
    }

    async fn delete(&self, id: &UserId) -> Answer<Removed> {
        self.note(self.inner().users().delete(id).await, |outcome| {
            outcome.is_removed()
        })
    }
}

#[async_trait]
impl<S: Inner> SessionRepository for Watched<S> {
    async fn insert(&self, session: &Session) -> Answer<()> {
        self.inner().sessions().insert(session).await
    }

    async fn find_with_user(&self, token: &SessionToken) -> Answer<Option<(Session, User)>> {
        self.inner().sessions().find_with_user(token).await
    }

    async fn lock(&self, id: &SessionId) -> Answer<Option<Locked<Session>>> {
        self.inner().sessions().lock(id).await
    }

    async fn rewrite_token(
        &self,
        id: &SessionId,
        from: &StoredToken,
        to: &StoredToken,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.inner().sessions().rewrite_token(id, from, to, now).await
    }

    async fn extend(
        &self,
        id: &SessionId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        self.inner().sessions().extend(id, from, to, now).await
    }

    async fn update_extra(
        &self,
        id: &SessionId,
        changes: &FieldChanges,
        now: DateTime<Utc>,
    ) -> Answer<Changed> {
        let outcome = self.inner().sessions().update_extra(id, changes, now).await;
        self.note(outcome, |outcome| outcome.is_applied())
    }

    async fn list_live(&self, user: &UserId, now: DateTime<Utc>) -> Answer<Vec<Session>> {
        self.inner().sessions().list_live(user, now).await
    }

    async fn list_all(&self, user: &UserId) -> Answer<Vec<Session>> {
        self.inner().sessions().list_all(user).await
    }

    async fn list_impersonations(&self, administrator: &UserId) -> Answer<Vec<Session>> {
        self.inner().sessions().list_impersonations(administrator).await
    }

    async fn delete(&self, id: &SessionId) -> Answer<Removed> {
        self.note(self.inner().sessions().delete(id).await, |outcome| {
            outcome.is_removed()
        })
    }

    async fn delete_unless_extended(&self, id: &SessionId, expires_at: DateTime<Utc>) -> Answer<Removed> {
        let sessions = self.inner().sessions();
        let outcome = sessions.delete_unless_extended(id, expires_at).await;
        self.note(outcome, |outcome| outcome.is_removed())
    }

    async fn delete_by_handle(&self, user: &UserId, handle: &SessionHandle) -> Answer<Option<SessionId>> {
        self.note(
            self.inner().sessions().delete_by_handle(user, handle).await,
            Option::is_some,
        )
    }

    async fn find_by_handle(&self, handle: &SessionHandle) -> Answer<Option<Session>> {
        self.inner().sessions().find_by_handle(handle).await
    }

    async fn delete_all<'a>(&self, user: &UserId, keep: Option<&'a SessionId>) -> Answer<u64> {
        self.note(self.inner().sessions().delete_all(user, keep).await, |&count| {
            count > 0
        })
    }

    async fn trim(&self, user: &UserId, keep: u64) -> Answer<u64> {
        self.note(self.inner().sessions().trim(user, keep).await, |&count| count > 0)
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Answer<u64> {
        self.inner().sessions().purge_expired(now, limit).await
    }
}
