use chrono::{DateTime, Utc};

use super::AuditEvent;
use crate::UserId;

/// How a user is involved in an audit event. An event counts for the first that is true, so that it is counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Involvement {
    /// It happened to the user.
    Subject,
    /// The user did it to somebody else, or to nobody.
    Actor,
    /// The user did it to somebody else while impersonating another user.
    Impersonator,
}

impl Involvement {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Subject, Self::Actor, Self::Impersonator];

    /// How the user is involved in the event, if at all.
    #[must_use]
    pub fn of(event: &AuditEvent, user: &UserId) -> Option<Self> {
        if event.subject_id.as_ref() == Some(user) {
            Some(Self::Subject)
        } else if event.is_by(user) {
            Some(Self::Actor)
        } else if event.impersonated_by.as_ref() == Some(user) {
            Some(Self::Impersonator)
        } else {
            None
        }
    }
}

/// Where an event stands among those of a list, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPosition {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Its id, which orders what happened at the same time.
    pub id: String,
}

impl EventPosition {
    /// Where this event stands.
    #[must_use]
    pub fn of(event: &AuditEvent) -> Self {
        Self {
            at: event.at,
            id: event.id.clone(),
        }
    }
}
