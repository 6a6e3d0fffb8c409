use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Email, User, UserChange, UserPage, UserQuery, UserRepository, Username};
use crate::access::Administrators;
use crate::{StoreError, UserId};

/// A [`UserRepository`] in front of another one: write the methods in which it differs, the others ask the one behind.
#[async_trait]
pub trait UserLayer: Send + Sync {
    /// The repository behind.
    fn behind(&self) -> &dyn UserRepository;

    /// See [`UserRepository::insert`].
    async fn insert(&self, user: &User) -> Result<(), StoreError> {
        self.behind().insert(user).await
    }

    /// See [`UserRepository::find`].
    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.behind().find(id).await
    }

    /// See [`UserRepository::find_by_email`].
    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        self.behind().find_by_email(email).await
    }

    /// See [`UserRepository::find_by_username`].
    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, StoreError> {
        self.behind().find_by_username(username).await
    }

    /// See [`UserRepository::lock`].
    async fn lock(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.behind().lock(id).await
    }

    /// See [`UserRepository::find_with_deleted`].
    async fn find_with_deleted(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.behind().find_with_deleted(id).await
    }

    /// See [`UserRepository::lock_administrators`].
    async fn lock_administrators(&self, who: &Administrators) -> Result<Vec<User>, StoreError> {
        self.behind().lock_administrators(who).await
    }

    /// See [`UserRepository::list`].
    async fn list(&self, query: &UserQuery) -> Result<UserPage, StoreError> {
        self.behind().list(query).await
    }

    /// See [`UserRepository::update`].
    async fn update(
        &self,
        id: &UserId,
        change: &UserChange,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        self.behind().update(id, change, now).await
    }

    /// See [`UserRepository::mark_email_verified`].
    async fn mark_email_verified(
        &self,
        id: &UserId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.behind().mark_email_verified(id, email, now).await
    }

    /// See [`UserRepository::change_email`].
    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.behind().change_email(id, from, to, verified, now).await
    }

    /// See [`UserRepository::soft_delete`].
    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.behind().soft_delete(id, now).await
    }

    /// See [`UserRepository::restore`].
    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.behind().restore(id, now).await
    }

    /// See [`UserRepository::delete`].
    async fn delete(&self, id: &UserId) -> Result<bool, StoreError> {
        self.behind().delete(id).await
    }

    /// See [`UserRepository::purge_deleted`].
    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        self.behind().purge_deleted(before, limit).await
    }
}

#[async_trait]
impl<L: UserLayer> UserRepository for L {
    async fn insert(&self, user: &User) -> Result<(), StoreError> {
        UserLayer::insert(self, user).await
    }

    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        UserLayer::find(self, id).await
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        UserLayer::find_by_email(self, email).await
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, StoreError> {
        UserLayer::find_by_username(self, username).await
    }

    async fn lock(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        UserLayer::lock(self, id).await
    }

    async fn find_with_deleted(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        UserLayer::find_with_deleted(self, id).await
    }

    async fn lock_administrators(&self, who: &Administrators) -> Result<Vec<User>, StoreError> {
        UserLayer::lock_administrators(self, who).await
    }

    async fn list(&self, query: &UserQuery) -> Result<UserPage, StoreError> {
        UserLayer::list(self, query).await
    }

    async fn update(
        &self,
        id: &UserId,
        change: &UserChange,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        UserLayer::update(self, id, change, now).await
    }

    async fn mark_email_verified(
        &self,
        id: &UserId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        UserLayer::mark_email_verified(self, id, email, now).await
    }

    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        UserLayer::change_email(self, id, from, to, verified, now).await
    }

    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        UserLayer::soft_delete(self, id, now).await
    }

    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        UserLayer::restore(self, id, now).await
    }

    async fn delete(&self, id: &UserId) -> Result<bool, StoreError> {
        UserLayer::delete(self, id).await
    }

    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        UserLayer::purge_deleted(self, before, limit).await
    }
}
