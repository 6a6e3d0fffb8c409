use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Email, User, UserChange, UserPage, UserQuery, Username};
use crate::user::Administrators;
use crate::{Changed, Locked, Removed, StoreError, UserId};

/// Where users are kept.
///
/// Absence is an answer of its own, never an error. Deleted users are absent for every method but
/// [`find_with_deleted`](Self::find_with_deleted), [`restore`](Self::restore), [`purge_deleted`](Self::purge_deleted) and
/// a [`list`](Self::list) of the deleted. A write of an address another user
/// holds MUST fail with [`StoreError::Conflict`] of [`Constraint::UserEmail`](crate::Constraint::UserEmail), and one of a
/// username with [`Constraint::Username`](crate::Constraint::Username);
/// a unique index decides that, so of any number of concurrent writers one wins (RE-3).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// Adds a user.
    async fn insert(&self, user: &User) -> Result<(), StoreError>;

    /// The user of that id.
    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError>;

    /// The user of that address.
    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, StoreError>;

    /// The user of that username.
    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, StoreError>;

    /// The user of that id, with the row locked until this transaction ends.
    async fn lock(&self, id: &UserId) -> Result<Option<Locked<User>>, StoreError>;

    /// The user of that id, deleted or not.
    async fn find_with_deleted(&self, id: &UserId) -> Result<Option<User>, StoreError>;

    /// The users of those ids and all who administer others, by role or by name. No other transaction can change any of them
    /// before this one ends. One statement locks them, in the order of their ids, so that two callers cannot wait for each
    /// other. The order of the answer is not defined.
    async fn lock_with_administrators(
        &self,
        ids: &[UserId],
        who: &Administrators,
    ) -> Result<Vec<Locked<User>>, StoreError>;

    /// All who administer others, by role or by name, locked as by
    /// [`lock_with_administrators`](Self::lock_with_administrators).
    async fn lock_administrators(&self, who: &Administrators) -> Result<Vec<Locked<User>>, StoreError>;

    /// Whether the user enrolled a second factor with Better Auth's plugin, whose column a database may have or not.
    async fn has_second_factor(&self, id: &UserId) -> Result<bool, StoreError>;

    /// The users that match a query.
    async fn list(&self, query: &UserQuery) -> Result<UserPage, StoreError>;

    /// Changes the user and answers them as they are now.
    async fn update(
        &self,
        id: &UserId,
        change: &UserChange,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError>;

    /// Marks `email` as verified, if it is still the user's address and was not verified before.
    async fn mark_email_verified(
        &self,
        id: &UserId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;

    /// Replaces the address, if it still is `from`, and sets whether the new one is verified.
    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;

    /// Marks the user as deleted and frees address and username, see [`User::deleted`]. Sessions are not touched.
    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Result<Removed, StoreError>;

    /// Reverts a [`soft_delete`](Self::soft_delete). Answers a conflict if another user has the address now. A username that
    /// another user has now is not restored.
    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Result<Changed, StoreError>;

    /// Removes the user and all that belongs to them, deleted before or not. Audit events stay; from those that the user caused,
    /// or whose cause is unknown and whose subject the user is, client address, user agent and details are erased (DT-2).
    async fn delete(&self, id: &UserId) -> Result<Removed, StoreError>;

    /// Removes at most `limit` users whom [`soft_delete`](Self::soft_delete) deleted before `before`, with all that belongs
    /// to them, as [`delete`](Self::delete) does, and answers whom. A user whom rows of others hold is left, and does not keep the
    /// rest.
    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<UserId>, StoreError>;
}
