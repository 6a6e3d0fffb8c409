use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Session, SessionToken, StoredToken};
use crate::fields::FieldChanges;
use crate::user::User;
use crate::{Changed, Locked, Removed, SessionId, StoreError, UserId};

/// Identifies a session in a request: its id or its token.
#[derive(Clone, Debug)]
pub struct SessionHandle(String);

impl SessionHandle {
    /// Takes what a client sent.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The handle as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where sessions are kept.
///
/// No method restores a deleted row, so that a refresh that races with a revocation loses (SE-5).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// Adds a session.
    async fn insert(&self, session: &Session) -> Result<(), StoreError>;

    /// The session of this token, stored in plaintext or as a digest, with its user; expired or not. Absent if the user is
    /// deleted. A row that cannot be read is an error, never absent. One statement.
    async fn find_with_user(&self, token: &SessionToken) -> Result<Option<(Session, User)>, StoreError>;

    /// The session of that id, expired or not, with the row locked until this transaction ends: no other ends or extends it
    /// before. Whoever locks its user, too, locks the user first.
    async fn lock(&self, id: &SessionId) -> Result<Option<Locked<Session>>, StoreError>;

    /// Stores the token in another form, if it still is in the form `from`, and sets when the session was imported unless it is
    /// set.
    async fn rewrite_token(
        &self,
        id: &SessionId,
        from: &StoredToken,
        to: &StoredToken,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;

    /// Changes the expiry of the session, if it still is `from`: the session was neither deleted nor extended meanwhile.
    async fn extend(
        &self,
        id: &SessionId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;

    /// Changes the application's fields of the session, if it is there.
    async fn update_extra(
        &self,
        id: &SessionId,
        changes: &FieldChanges,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError>;

    /// The sessions of the user that end after `now`, oldest first.
    async fn list_live(&self, user: &UserId, now: DateTime<Utc>) -> Result<Vec<Session>, StoreError>;

    /// All sessions of the user, expired or not, oldest first. Those in which the user acts as another are the other's.
    async fn list_all(&self, user: &UserId) -> Result<Vec<Session>, StoreError>;

    /// The sessions in which the user impersonates others, expired or not, oldest first.
    async fn list_impersonations(&self, administrator: &UserId) -> Result<Vec<Session>, StoreError>;

    /// Deletes the session.
    async fn delete(&self, id: &SessionId) -> Result<Removed, StoreError>;

    /// Deletes the session, if it still expires at `expires_at`: it was not extended meanwhile.
    async fn delete_unless_extended(
        &self,
        id: &SessionId,
        expires_at: DateTime<Utc>,
    ) -> Result<Removed, StoreError>;

    /// Deletes the session of this id or token if it is the user's (AC-1), and answers it.
    async fn delete_by_handle(
        &self,
        user: &UserId,
        handle: &SessionHandle,
    ) -> Result<Option<SessionId>, StoreError>;

    /// The session of this id or token, of any user: for administrators.
    async fn find_by_handle(&self, handle: &SessionHandle) -> Result<Option<Session>, StoreError>;

    /// Deletes all sessions of the user, and all in which the user impersonates another, but `keep`; answers how many (SE-6).
    async fn delete_all<'a>(&self, user: &UserId, keep: Option<&'a SessionId>) -> Result<u64, StoreError>;

    /// Ends the oldest sessions of the user beyond the newest `keep`.
    async fn trim(&self, user: &UserId, keep: u64) -> Result<u64, StoreError>;

    /// Removes at most `limit` sessions that ended before `now`. A date that is not understood is not before anything.
    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError>;
}
