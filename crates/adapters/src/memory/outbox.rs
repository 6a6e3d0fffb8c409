use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::email::{Backlog, OutboxMessage, OutboxRepository};
use doorward_domain::{Changed, Constraint, Removed, StoreError};

use super::store::{Access, MemoryRepositories, remove};
use super::tables::Waiting;

#[async_trait]
impl<A: Access> OutboxRepository for MemoryRepositories<A> {
    async fn push(&self, message: &OutboxMessage) -> Result<(), StoreError> {
        self.write(|tables| {
            if tables
                .outbox
                .iter()
                .any(|waiting| waiting.message.id == message.id)
            {
                return Err(StoreError::Conflict(Constraint::Other));
            }
            tables.outbox.push(Waiting {
                message: message.clone(),
                lease_until: None,
            });
            Ok(())
        })
        .await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let is_free = |waiting: &&mut Waiting| {
            waiting.message.due_at <= now && waiting.lease_until.is_none_or(|lease| lease <= now)
        };
        Ok(self
            .write(|tables| {
                let mut due: Vec<_> = tables.outbox.iter_mut().filter(is_free).collect();
                due.sort_by_key(|waiting| waiting.message.due_at);
                let claimed = due.into_iter().zip(0..limit).map(|(waiting, _)| {
                    waiting.lease_until = Some(lease_until);
                    waiting.message.attempts += 1;
                    waiting.message.clone()
                });
                claimed.collect()
            })
            .await)
    }

    async fn list(&self, after: Option<String>, limit: u64) -> Result<Vec<OutboxMessage>, StoreError> {
        let is_after = |message: &&OutboxMessage| after.as_ref().is_none_or(|after| message.id > *after);
        let mut messages: Vec<_> = self.read(|tables| {
            let messages = tables.outbox.iter().map(|waiting| &waiting.message);
            messages.filter(is_after).cloned().collect()
        });
        messages.sort_by(|one, other| one.id.cmp(&other.id));
        messages.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(messages)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        Ok(self.read(|tables| Backlog {
            waiting: u64::try_from(tables.outbox.len()).unwrap_or(u64::MAX),
            oldest: tables
                .outbox
                .iter()
                .map(|waiting| waiting.message.created_at)
                .min(),
        }))
    }

    async fn remove(&self, id: &str, lease_until: DateTime<Utc>) -> Result<Removed, StoreError> {
        let removed = self
            .write(|tables| remove(&mut tables.outbox, |waiting| waiting.is_held(id, lease_until)))
            .await;
        Ok(Removed::by_count(removed))
    }

    async fn reschedule(
        &self,
        id: &str,
        lease_until: DateTime<Utc>,
        attempts: u32,
        due_at: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        Ok(self
            .write(|tables| {
                let mut held = tables.outbox.iter_mut();
                let Some(waiting) = held.find(|waiting| waiting.is_held(id, lease_until)) else {
                    return Changed::Stale;
                };
                waiting.message.attempts = attempts;
                waiting.message.due_at = due_at;
                waiting.lease_until = None;
                Changed::Applied
            })
            .await)
    }
}
