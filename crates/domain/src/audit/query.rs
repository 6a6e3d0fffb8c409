//! What can be asked of the audit log.

use chrono::{DateTime, Utc};

use super::{AuditEvent, EventPosition, Outcome};
use crate::UserId;

/// Which events. What is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// To whom it happened.
    pub subject: Option<UserId>,
    /// Who did it: the id of a user, or the name of a command or worker.
    pub actor: Option<String>,
    /// The name of an [`EventKind`](super::EventKind).
    pub kind: Option<String>,
    /// Whether it was done or refused.
    pub outcome: Option<Outcome>,
    /// The earliest moment.
    pub since: Option<DateTime<Utc>>,
    /// The first moment that is too late.
    pub until: Option<DateTime<Utc>>,
}

/// In which order. Events of one moment are in the order of their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventOrder {
    /// The latest event comes first.
    #[default]
    NewestFirst,
    /// The earliest event comes first.
    OldestFirst,
}

/// A page of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQuery {
    /// Which events.
    pub filter: EventFilter,
    /// In which order.
    pub order: EventOrder,
    /// Where the page before ended; none for the first page.
    pub after: Option<EventPosition>,
    /// How many events at most.
    pub limit: u64,
}

impl EventFilter {
    /// What happened to this user.
    #[must_use]
    pub fn of_subject(subject: &UserId) -> Self {
        Self {
            subject: Some(subject.clone()),
            ..Self::default()
        }
    }

    /// Whether the event is one of them.
    #[must_use]
    pub fn matches(&self, event: &AuditEvent) -> bool {
        let Self {
            subject,
            actor,
            kind,
            outcome,
            since,
            until,
        } = self;
        subject
            .as_ref()
            .is_none_or(|subject| event.subject_id.as_ref() == Some(subject))
            && actor
                .as_ref()
                .is_none_or(|actor| event.actor_id.as_ref() == Some(actor))
            && kind.as_ref().is_none_or(|kind| event.kind == *kind)
            && outcome.is_none_or(|outcome| event.outcome == outcome.name())
            && since.is_none_or(|since| event.at >= since)
            && until.is_none_or(|until| event.at < until)
    }
}

impl EventQuery {
    /// The newest of these events.
    #[must_use]
    pub const fn newest(filter: EventFilter, limit: u64) -> Self {
        Self {
            filter,
            order: EventOrder::NewestFirst,
            after: None,
            limit,
        }
    }

    /// Whether the event is on this page or a later one.
    #[must_use]
    pub fn reaches(&self, event: &AuditEvent) -> bool {
        let place = event.position();
        let is_beyond = |after: &EventPosition| match self.order {
            EventOrder::NewestFirst => place < *after,
            EventOrder::OldestFirst => place > *after,
        };
        self.filter.matches(event) && self.after.as_ref().is_none_or(is_beyond)
    }
}

impl AuditEvent {
    /// Its place in the order of events.
    #[must_use]
    pub fn position(&self) -> EventPosition {
        EventPosition::of(self)
    }
}
