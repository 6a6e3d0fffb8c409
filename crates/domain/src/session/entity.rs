use chrono::{DateTime, Utc};

use super::{Authentication, Lifetime, SessionToken, StoredToken};
use crate::device::DeviceToken;
use crate::fields::FieldValues;
use crate::user::User;
use crate::{SessionId, UserId};

/// A session: one client that is signed in as a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Never changes. Other sessions of the user list and revoke this one by its id.
    pub id: SessionId,
    /// The user who is signed in.
    pub user_id: UserId,
    /// The token as it is stored.
    pub token: StoredToken,
    /// When the session expires.
    pub expires_at: DateTime<Utc>,
    /// When the row was made: at the sign-in, or when the session was rotated.
    pub created_at: DateTime<Utc>,
    /// When it was last extended or changed.
    pub updated_at: DateTime<Utc>,
    /// The network address of the request that issued it; empty if unknown, absent in imported rows.
    pub ip_address: Option<String>,
    /// The `User-Agent` of the request that issued it.
    pub user_agent: Option<String>,
    /// Values of the application's additional fields.
    pub extra: FieldValues,
    /// The administrator who impersonates the user with it.
    pub impersonated_by: Option<UserId>,
    /// How and when the user, or the administrator who impersonates them, proved who they are.
    pub authentication: Authentication,
    /// The lifetime that the user chose; absent in sessions that Better Auth issued, where a cookie has it.
    pub lifetime: Option<Lifetime>,
    /// When a session that Better Auth issued was imported. Its absolute age counts from then, so that a migration signs no
    /// user out.
    pub imported_at: Option<DateTime<Utc>>,
}

/// A session that a request authenticated with: its token was presented, and it has not expired.
#[derive(Clone, Debug)]
pub struct ActiveSession {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// The token in plaintext, as the client presented it.
    pub token: SessionToken,
    /// Whether reading the session extended it.
    pub refreshed: bool,
    /// Whether the session is due to be extended and was not.
    pub needs_refresh: bool,
}

impl Session {
    /// Whether the session has not expired.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at > now
    }
}

/// A session just issued, with its token in plaintext. The token is not available later.
#[derive(Clone, Debug)]
pub struct IssuedSession {
    /// The session.
    pub session: Session,
    /// Its token.
    pub token: SessionToken,
    /// The lifetime that the user chose.
    pub lifetime: Lifetime,
    /// The token by which the browser is to be recognised, where it has one or gets one.
    pub device: Option<DeviceToken>,
}
