use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Email, User, UserChange, UserPage, UserQuery, UserRepository, Username};
use crate::user::Administrators;
use crate::{Changed, Locked, Removed, StoreError, UserId};

/// A decorator of a [`UserRepository`]: implement the methods that differ, the others forward to the inner repository.
#[async_trait]
pub trait UserRepositoryDecorator: Send + Sync {
    /// The inner repository.
    fn inner(&self) -> &dyn UserRepository;

    /// See [`UserRepository::insert`].
    async fn insert(&self, user: &User) -> Result<(), StoreError> {
        self.inner().insert(user).await
    }

    /// See [`UserRepository::find`].
    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.inner().find(id).await
    }

    /// See [`UserRepository::find_by_email`].
    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        self.inner().find_by_email(email).await
    }

    /// See [`UserRepository::find_by_username`].
    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, StoreError> {
        self.inner().find_by_username(username).await
    }

    /// See [`UserRepository::lock`].
    async fn lock(&self, id: &UserId) -> Result<Option<Locked<User>>, StoreError> {
        self.inner().lock(id).await
    }

    /// See [`UserRepository::find_with_deleted`].
    async fn find_with_deleted(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.inner().find_with_deleted(id).await
    }

    /// See [`UserRepository::lock_with_administrators`].
    async fn lock_with_administrators(
        &self,
        ids: &[UserId],
        who: &Administrators,
    ) -> Result<Vec<Locked<User>>, StoreError> {
        self.inner().lock_with_administrators(ids, who).await
    }

    /// See [`UserRepository::lock_administrators`].
    async fn lock_administrators(&self, who: &Administrators) -> Result<Vec<Locked<User>>, StoreError> {
        self.inner().lock_administrators(who).await
    }

    /// See [`UserRepository::has_second_factor`].
    async fn has_second_factor(&self, id: &UserId) -> Result<bool, StoreError> {
        self.inner().has_second_factor(id).await
    }

    /// See [`UserRepository::list`].
    async fn list(&self, query: &UserQuery) -> Result<UserPage, StoreError> {
        self.inner().list(query).await
    }

    /// See [`UserRepository::update`].
    async fn update(
        &self,
        id: &UserId,
        change: &UserChange,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        self.inner().update(id, change, now).await
    }

    /// See [`UserRepository::mark_email_verified`].
    async fn mark_email_verified(
        &self,
        id: &UserId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        self.inner().mark_email_verified(id, email, now).await
    }

    /// See [`UserRepository::change_email`].
    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        self.inner().change_email(id, from, to, verified, now).await
    }

    /// See [`UserRepository::soft_delete`].
    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Result<Removed, StoreError> {
        self.inner().soft_delete(id, now).await
    }

    /// See [`UserRepository::restore`].
    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Result<Changed, StoreError> {
        self.inner().restore(id, now).await
    }

    /// See [`UserRepository::delete`].
    async fn delete(&self, id: &UserId) -> Result<Removed, StoreError> {
        self.inner().delete(id).await
    }

    /// See [`UserRepository::purge_deleted`].
    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<UserId>, StoreError> {
        self.inner().purge_deleted(before, limit).await
    }
}

#[async_trait]
impl<L: UserRepositoryDecorator> UserRepository for L {
    async fn insert(&self, user: &User) -> Result<(), StoreError> {
        UserRepositoryDecorator::insert(self, user).await
    }

    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        UserRepositoryDecorator::find(self, id).await
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        UserRepositoryDecorator::find_by_email(self, email).await
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, StoreError> {
        UserRepositoryDecorator::find_by_username(self, username).await
    }

    async fn lock(&self, id: &UserId) -> Result<Option<Locked<User>>, StoreError> {
        UserRepositoryDecorator::lock(self, id).await
    }

    async fn find_with_deleted(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        UserRepositoryDecorator::find_with_deleted(self, id).await
    }

    async fn lock_with_administrators(
        &self,
        ids: &[UserId],
        who: &Administrators,
    ) -> Result<Vec<Locked<User>>, StoreError> {
        UserRepositoryDecorator::lock_with_administrators(self, ids, who).await
    }

    async fn lock_administrators(&self, who: &Administrators) -> Result<Vec<Locked<User>>, StoreError> {
        UserRepositoryDecorator::lock_administrators(self, who).await
    }

    async fn has_second_factor(&self, id: &UserId) -> Result<bool, StoreError> {
        UserRepositoryDecorator::has_second_factor(self, id).await
    }

    async fn list(&self, query: &UserQuery) -> Result<UserPage, StoreError> {
        UserRepositoryDecorator::list(self, query).await
    }

    async fn update(
        &self,
        id: &UserId,
        change: &UserChange,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        UserRepositoryDecorator::update(self, id, change, now).await
    }

    async fn mark_email_verified(
        &self,
        id: &UserId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        UserRepositoryDecorator::mark_email_verified(self, id, email, now).await
    }

    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        UserRepositoryDecorator::change_email(self, id, from, to, verified, now).await
    }

    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Result<Removed, StoreError> {
        UserRepositoryDecorator::soft_delete(self, id, now).await
    }

    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Result<Changed, StoreError> {
        UserRepositoryDecorator::restore(self, id, now).await
    }

    async fn delete(&self, id: &UserId) -> Result<Removed, StoreError> {
        UserRepositoryDecorator::delete(self, id).await
    }

    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<UserId>, StoreError> {
        UserRepositoryDecorator::purge_deleted(self, before, limit).await
    }
}
