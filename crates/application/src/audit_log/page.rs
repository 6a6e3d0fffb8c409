use doorward_domain::StoreError;
use doorward_domain::audit::{AuditEvent, EventFilter, EventOrder, EventPosition, EventQuery};

use crate::Context;

/// The most events in one answer (AC-7).
pub const MAX_PAGE: u64 = 1000;

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// In which order.
    pub order: EventOrder,
    /// Where the page before ended; none for the first page.
    pub after: Option<EventPosition>,
    /// How many events; [`MAX_PAGE`] at most.
    pub limit: u64,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage<E> {
    /// The events.
    pub events: Vec<E>,
    /// Where the next page begins; none at the end.
    pub next: Option<EventPosition>,
}

impl PageRequest {
    /// The newest events.
    #[must_use]
    pub const fn newest(limit: u64) -> Self {
        Self {
            order: EventOrder::NewestFirst,
            after: None,
            limit,
        }
    }
}

impl EventPage<AuditEvent> {
    /// The page of these events.
    pub(super) async fn read(
        context: &Context,
        filter: EventFilter,
        page: PageRequest,
    ) -> Result<Self, StoreError> {
        let limit = page.limit.min(MAX_PAGE);
        let query = EventQuery {
            filter,
            order: page.order,
            after: page.after,
            // One more tells whether there are more.
            limit: limit + 1,
        };
        let mut events = context.store().audit_events().list(&query).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_last = events.len() <= limit;
        events.truncate(limit);
        let last = events.last().filter(|_| !is_last);
        Ok(Self {
            next: last.map(AuditEvent::position),
            events,
        })
    }
}
