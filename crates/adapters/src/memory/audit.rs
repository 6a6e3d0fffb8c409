use async_trait::async_trait;
use doorward_domain::audit::{AuditEvent, AuditEventRepository, EventPosition, Involvement};
use doorward_domain::{Constraint, StoreError, UserId};

use super::store::{Access, MemoryRepositories};

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

    async fn list_by_subject(&self, subject: &UserId, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        let mut events: Vec<_> = self.read(|tables| {
            let theirs = |event: &&AuditEvent| event.subject_id.as_ref() == Some(subject);
            tables.audit_events.iter().filter(theirs).cloned().collect()
        });
        events.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(events)
    }

    async fn list_involving(
        &self,
        user: &UserId,
        involvement: Involvement,
        after: Option<EventPosition>,
        limit: u64,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let is_meant = |event: &&AuditEvent| {
            Involvement::of(event, user) == Some(involvement)
                && after
                    .as_ref()
                    .is_none_or(|after| EventPosition::of(event) > *after)
        };
        let mut events: Vec<_> =
            self.read(|tables| tables.audit_events.iter().filter(is_meant).cloned().collect());
        events.sort_by_key(EventPosition::of);
        events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(events)
    }
}
