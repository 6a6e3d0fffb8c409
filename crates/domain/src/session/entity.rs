use chrono::{DateTime, Utc};

use super::{Authentication, Lifetime, SessionToken, StoredToken};
use crate::fields::FieldValues;
use crate::user::User;
use crate::{SessionId, UserId};

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Never changes. Also the handle under which other sessions of the user see and end this one.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
    /// The token as it is stored.
    pub token: StoredToken,
    /// The moment from which the session is worth nothing.
    pub expires_at: DateTime<Utc>,
    /// When the row was made: at the sign-in, or when the session was rotated.
    pub created_at: DateTime<Utc>,
    /// When it was last extended or changed.
    pub updated_at: DateTime<Utc>,
    /// Where the request that opened it came from; empty if that is not known, absent in imported rows.
    pub ip_address: Option<String>,
    /// The browser that opened it, as it introduced itself.
    pub user_agent: Option<String>,
    /// What the application keeps with a session.
    pub extra: FieldValues,
    /// The administrator who impersonates the user with it.
    pub impersonated_by: Option<UserId>,
    /// How and when the user, or the administrator who impersonates them, proved who they are.
    pub authentication: Authentication,
    /// How long its user asked to stay signed in; absent in sessions that others made, where a cookie says it.
    pub lifetime: Option<Lifetime>,
    /// When a session Better Auth opened was taken over. From then on it ages like one of ours, so that nobody is
    /// signed out by the move, however long ago they signed in.
    pub imported_at: Option<DateTime<Utc>>,
}

/// A session in use: somebody presented its token, and it is live.
#[derive(Clone, Debug)]
pub struct ActiveSession {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// The token in clear, as the client presented it.
    pub token: SessionToken,
    /// Whether reading the session extended it.
    pub refreshed: bool,
    /// Whether the session is due to be extended and was not.
    pub needs_refresh: bool,
}

impl Session {
    /// Whether the session still counts.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at > now
    }
}

/// A session just issued, with the token in clear: the only moment it exists outside the browser.
#[derive(Clone, Debug)]
pub struct IssuedSession {
    /// The session.
    pub session: Session,
    /// Its token.
    pub token: SessionToken,
    /// How long its user asked to stay signed in.
    pub lifetime: Lifetime,
}
