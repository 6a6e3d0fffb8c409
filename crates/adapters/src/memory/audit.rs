use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::audit::{
    AuditEvent, AuditEventRepository, Chain, EventFilter, EventOrder, EventPosition, EventQuery, Involvement,
    SealedEvent,
};
use doorward_domain::{Changed, Constraint, Inserted, Locked, StoreError, UserId};

use super::store::{Access, MemoryRepositories, remove};
use super::tables::{Sealed, Tables};

impl Tables {
    fn unsealed(&self) -> Vec<AuditEvent> {
        let is_sealed = |event: &AuditEvent| self.audit_seals.values().any(|sealed| sealed.id == event.id);
        let unsealed = self.audit_events.iter().filter(|event| !is_sealed(event));
        unsealed.cloned().collect()
    }

    /// Erases what is personal in the events of a user.
    pub(super) fn erase_personal_data(&mut self, user: &UserId) {
        for event in self
            .audit_events
            .iter_mut()
            .filter(|event| event.personal_of().as_ref() == Some(user))
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

    async fn find_chain(&self) -> Result<Option<Chain>, StoreError> {
        Ok(self.read(|tables| tables.audit_chain.clone()))
    }

    async fn lock_chain(&self) -> Result<Option<Locked<Chain>>, StoreError> {
        // One transaction at a time: a row lock is not needed.
        Ok(self.read(|tables| tables.audit_chain.clone().map(Locked::by_store)))
    }

    async fn insert_chain(&self, chain: &Chain) -> Result<Inserted, StoreError> {
        self.write(|tables| {
            if tables.audit_chain.is_some() {
                return Ok(Inserted::AlreadyThere);
            }
            tables.audit_chain = Some(chain.clone());
            Ok(Inserted::Inserted)
        })
        .await
    }

    async fn update_chain(&self, from: &Chain, to: &Chain) -> Result<Changed, StoreError> {
        self.write(|tables| {
            if tables.audit_chain.as_ref() != Some(from) {
                return Ok(Changed::Stale);
            }
            tables.audit_chain = Some(to.clone());
            Ok(Changed::Applied)
        })
        .await
    }

    async fn lock_unsealed(&self, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        let mut events = self.read(Tables::unsealed);
        events.sort_by_key(AuditEvent::position);
        events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(events)
    }

    async fn seal(&self, event: &SealedEvent) -> Result<Changed, StoreError> {
        self.write(|tables| {
            let (seq, id) = (event.seq, &event.event.id);
            if tables.audit_seals.contains_key(&seq) {
                return Err(StoreError::Conflict(Constraint::Other));
            }
            let is_sealed = tables.audit_seals.values().any(|sealed| sealed.id == *id);
            let known = tables.audit_events.iter_mut().find(|known| known.id == *id);
            let Some(known) = known.filter(|_| !is_sealed) else {
                return Ok(Changed::Stale);
            };
            known.proof.clone_from(&event.event.proof);
            let seal = Sealed {
                id: id.clone(),
                seal: event.seal.clone(),
            };
            tables.audit_seals.insert(seq, seal);
            Ok(Changed::Applied)
        })
        .await
    }

    async fn sealed_after(&self, seq: i64, limit: u64) -> Result<Vec<SealedEvent>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.read(|tables| {
            let above = tables.audit_seals.iter().filter(|(number, _)| **number > seq);
            let sealed = above.filter_map(|(number, sealed)| {
                let event = tables.audit_events.iter().find(|event| event.id == sealed.id)?;
                Some(SealedEvent {
                    event: event.clone(),
                    seq: *number,
                    seal: sealed.seal.clone(),
                })
            });
            sealed.take(limit).collect()
        }))
    }

    async fn oldest_unsealed(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let events = self.read(Tables::unsealed);
        Ok(events.into_iter().map(|event| event.at).min())
    }

    async fn count_unsealed(&self) -> Result<u64, StoreError> {
        let events = self.read(Tables::unsealed);
        Ok(u64::try_from(events.len()).unwrap_or(u64::MAX))
    }

    async fn remove_through(&self, seq: i64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| {
                let kept = tables.audit_seals.split_off(&seq.saturating_add(1));
                let gone = std::mem::replace(&mut tables.audit_seals, kept);
                remove(&mut tables.audit_events, |event| {
                    gone.values().any(|sealed| sealed.id == event.id)
                })
            })
            .await)
    }

    async fn remove_proof(&self, id: &str) -> Result<Changed, StoreError> {
        self.write(|tables| {
            let known = tables.audit_events.iter_mut().find(|event| event.id == id);
            known.map_or(Ok(Changed::Stale), |event| {
                event.proof = None;
                Ok(Changed::Applied)
            })
        })
        .await
    }

    async fn unseal(&self, limit: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| {
                let taken = (0..limit).map_while(|_| tables.audit_seals.pop_first());
                u64::try_from(taken.count()).unwrap_or(u64::MAX)
            })
            .await)
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
