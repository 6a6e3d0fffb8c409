use chrono::{DateTime, Utc};

use super::StoredToken;
use crate::fields::FieldValues;
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
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last extended or changed.
    pub updated_at: DateTime<Utc>,
    /// Where the request that opened it came from; empty if that is not known, absent in imported rows.
    pub ip_address: Option<String>,
    /// The browser that opened it, as it introduced itself.
    pub user_agent: Option<String>,
    /// What the application keeps with a session.
    pub extra: FieldValues,
    /// The administrator who uses it in the place of its user.
    pub impersonated_by: Option<UserId>,
    /// When a session Better Auth opened was taken over. From then on it ages like one of ours, so that nobody is
    /// signed out by the move, however long ago they signed in.
    pub imported_at: Option<DateTime<Utc>>,
}

impl Session {
    /// Whether the session still counts.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at > now
    }
}
