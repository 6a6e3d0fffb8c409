//! Events on the wire.

use chrono::{DateTime, Utc};
use doorward_application::audit_log::EventPage;
use doorward_domain::audit::{AuditEvent, OwnEvent};
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor;
use crate::response::wire_date;

/// Something that happened to the user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OwnEvent)]
pub(super) struct OwnEventReply {
    /// Names the event.
    id: String,
    /// What happened, such as `session.issued`.
    kind: String,
    #[serde(with = "wire_date")]
    at: DateTime<Utc>,
    /// `success` or `denied`.
    outcome: String,
    /// Whether an administrator or an operator did it, also in the user's place.
    by_administrator: bool,
    /// Where the request came from; `null` for what an administrator did.
    ip_address: Option<String>,
    /// The browser; `null` for what an administrator did.
    user_agent: Option<String>,
}

/// An event with all that is recorded.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub(super) struct EventReply {
    /// Names the event.
    id: String,
    /// What happened, such as `session.issued`.
    kind: String,
    #[serde(with = "wire_date")]
    at: DateTime<Utc>,
    /// `success` or `denied`.
    outcome: String,
    /// Who did it: `user`, `operator`, `system` or `anonymous`.
    actor_kind: String,
    /// The id of the user, or the name of the command or worker.
    actor_id: Option<String>,
    /// The session the actor used.
    session_id: Option<String>,
    /// The administrator who impersonated the actor.
    impersonated_by: Option<String>,
    /// The user to whom it happened.
    user_id: Option<String>,
    /// The request that did it.
    request_id: String,
    ip_address: Option<String>,
    user_agent: Option<String>,
    /// More about it.
    details: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnEventsReply {
    events: Vec<OwnEventReply>,
    /// The `cursor` of the next page; `null` at the end.
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventsReply {
    events: Vec<EventReply>,
    /// The `cursor` of the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl From<OwnEvent> for OwnEventReply {
    fn from(event: OwnEvent) -> Self {
        let OwnEvent {
            id,
            kind,
            at,
            outcome,
            by_administrator,
            ip_address,
            user_agent,
        } = event;
        Self {
            id,
            kind,
            at,
            outcome,
            by_administrator,
            ip_address,
            user_agent,
        }
    }
}

impl From<AuditEvent> for EventReply {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            at: event.at,
            outcome: event.outcome,
            actor_kind: event.actor_kind,
            actor_id: event.actor_id,
            session_id: event.session_id.map(|id| id.to_string()),
            impersonated_by: event.impersonated_by.map(|id| id.to_string()),
            user_id: event.subject_id.map(|id| id.to_string()),
            request_id: event.request_id,
            ip_address: event.ip_address,
            user_agent: event.user_agent,
            details: event.details,
        }
    }
}

impl From<EventPage<OwnEvent>> for OwnEventsReply {
    fn from(page: EventPage<OwnEvent>) -> Self {
        Self {
            events: page.events.into_iter().map(OwnEventReply::from).collect(),
            next_cursor: page.next.as_ref().map(cursor::encode),
        }
    }
}

impl From<EventPage<AuditEvent>> for EventsReply {
    fn from(page: EventPage<AuditEvent>) -> Self {
        Self {
            events: page.events.into_iter().map(EventReply::from).collect(),
            next_cursor: page.next.as_ref().map(cursor::encode),
        }
    }
}
