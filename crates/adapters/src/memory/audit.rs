use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::audit::{AuditEvent, AuditEventRepository, EventFilter, EventOrder, EventQuery};
use doorward_domain::{Constraint, StoreError, UserId};

use super::store::{Access, MemoryRepositories};
use super::tables::Tables;

impl Tables {
    /// Erases what is personal in the events of a user.
    pub(super) fn erase_personal_data(&mut self, user: &UserId) {
        for event in self
            .audit_events
            .iter_mut()
            .filter(|event| event.is_personal_of(user))
        {
            event.erase_personal_data();
        }
    }
}

#[async_trait]
impl<A: Access> AuditEventRepository for MemoryRepositories<A> {
    async fn insert(&self, event: &AuditEvent) -> Result<(), StoreError> {
        self.write(|tables| {
            if tables.audit_events.iter().any(|known| known.id == event.id) {
                return Err(StoreError::Conflict(Constraint::Other));
            }
            tables.audit_events.push(event.clone());
            Ok(())
        })
        .await
    }

    async fn list(&self, query: &EventQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let mut events: Vec<_> = self.read(|tables| {
            let meant = |event: &&AuditEvent| query.reaches(event);
            tables.audit_events.iter().filter(meant).cloned().collect()
        });
        events.sort_by_key(AuditEvent::position);
        if query.order == EventOrder::NewestFirst {
            events.reverse();
        }
        events.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
        Ok(events)
    }

    async fn list_by_subject(&self, subject: &UserId, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        let query = EventQuery {
            order: EventOrder::OldestFirst,
            ..EventQuery::newest(EventFilter::of_subject(subject), limit)
        };
        self.list(&query).await
    }

    async fn purge_before(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| {
                let mut due: Vec<_> = tables
                    .audit_events
                    .iter()
                    .filter(|event| event.at < before)
                    .map(AuditEvent::position)
                    .collect();
                due.sort();
                due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                let many = tables.audit_events.len();
                tables
                    .audit_events
                    .retain(|event| !due.contains(&event.position()));
                u64::try_from(many - tables.audit_events.len()).unwrap_or(u64::MAX)
            })
            .await)
    }
}
