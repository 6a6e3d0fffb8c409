//! Every method of the two watched repositories: asks the store behind, then notes a write.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::access::Administrators;
use doorward_domain::session::{Session, SessionHandle, SessionRepository, SessionToken, StoredToken};
use doorward_domain::user::{Email, User, UserChange, UserPage, UserQuery, UserRepository, Username};
use doorward_domain::{SessionId, StoreError, UserId};

use super::store::{Inner, Watched};

type Answer<T> = Result<T, StoreError>;

#[async_trait]
impl<S: Inner> UserRepository for Watched<S> {
    async fn insert(&self, user: &User) -> Answer<()> {
        self.behind().users().insert(user).await
    }

    async fn find(&self, id: &UserId) -> Answer<Option<User>> {
        self.behind().users().find(id).await
    }

    async fn find_by_email(&self, email: &Email) -> Answer<Option<User>> {
        self.behind().users().find_by_email(email).await
    }

    async fn find_by_username(&self, username: &Username) -> Answer<Option<User>> {
        self.behind().users().find_by_username(username).await
    }

    async fn lock(&self, id: &UserId) -> Answer<Option<User>> {
        self.behind().users().lock(id).await
    }

    async fn find_with_deleted(&self, id: &UserId) -> Answer<Option<User>> {
        self.behind().users().find_with_deleted(id).await
    }

    async fn lock_administrators(&self, who: &Administrators) -> Answer<Vec<User>> {
        self.behind().users().lock_administrators(who).await
    }

    async fn list(&self, query: &UserQuery) -> Answer<UserPage> {
        self.behind().users().list(query).await
    }

    async fn update(&self, id: &UserId, change: &UserChange, now: DateTime<Utc>) -> Answer<Option<User>> {
        let outcome = self.behind().users().update(id, change, now).await;
        self.note(outcome, Option::is_some)
    }

    async fn mark_email_verified(&self, id: &UserId, email: &Email, now: DateTime<Utc>) -> Answer<bool> {
        self.note(
            self.behind().users().mark_email_verified(id, email, now).await,
            |&wrote| wrote,
        )
    }

    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Answer<bool> {
        self.note(
            self.behind()
                .users()
                .change_email(id, from, to, verified, now)
                .await,
            |&wrote| wrote,
        )
    }

    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Answer<bool> {
        self.note(self.behind().users().soft_delete(id, now).await, |&wrote| wrote)
    }

    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Answer<bool> {
        self.behind().users().restore(id, now).await
    }

    async fn delete(&self, id: &UserId) -> Answer<bool> {
        self.note(self.behind().users().delete(id).await, |&wrote| wrote)
    }

    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Answer<u64> {
        self.behind().users().purge_deleted(before, limit).await
    }
}

#[async_trait]
impl<S: Inner> SessionRepository for Watched<S> {
    async fn insert(&self, session: &Session) -> Answer<()> {
        self.behind().sessions().insert(session).await
    }

    async fn find_with_user(&self, token: &SessionToken) -> Answer<Option<(Session, User)>> {
        self.behind().sessions().find_with_user(token).await
    }

    async fn rewrite_token(
        &self,
        id: &SessionId,
        from: &StoredToken,
        to: &StoredToken,
        now: DateTime<Utc>,
    ) -> Answer<bool> {
        self.behind().sessions().rewrite_token(id, from, to, now).await
    }

    async fn extend(
        &self,
        id: &SessionId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Answer<bool> {
        self.behind().sessions().extend(id, from, to, now).await
    }

    async fn list_live(&self, user: &UserId, now: DateTime<Utc>) -> Answer<Vec<Session>> {
        self.behind().sessions().list_live(user, now).await
    }

    async fn list_all(&self, user: &UserId) -> Answer<Vec<Session>> {
        self.behind().sessions().list_all(user).await
    }

    async fn delete(&self, id: &SessionId) -> Answer<bool> {
        self.note(self.behind().sessions().delete(id).await, |&wrote| wrote)
    }

    async fn delete_by_handle(&self, user: &UserId, handle: &SessionHandle) -> Answer<Option<SessionId>> {
        self.note(
            self.behind().sessions().delete_by_handle(user, handle).await,
            Option::is_some,
        )
    }

    async fn delete_of_anybody(&self, handle: &SessionHandle) -> Answer<Option<SessionId>> {
        let outcome = self.behind().sessions().delete_of_anybody(handle).await;
        self.note(outcome, Option::is_some)
    }

    async fn delete_all<'a>(&self, user: &UserId, keep: Option<&'a SessionId>) -> Answer<u64> {
        self.note(self.behind().sessions().delete_all(user, keep).await, |&count| {
            count > 0
        })
    }

    async fn trim(&self, user: &UserId, keep: u64) -> Answer<u64> {
        self.note(self.behind().sessions().trim(user, keep).await, |&count| {
            count > 0
        })
    }

    async fn sweep(&self, now: DateTime<Utc>, limit: u64) -> Answer<u64> {
        self.behind().sessions().sweep(now, limit).await
    }
}
