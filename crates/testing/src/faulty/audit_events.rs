use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::audit::{
    AuditEvent, AuditEventRepository, Chain, EventPosition, EventQuery, Involvement, SealedEvent,
};
use doorward_domain::{Changed, Inserted, Locked, Repositories, UserId};

use super::{Answer, Faulty, Refers};

#[async_trait]
impl<S: Refers> AuditEventRepository for Faulty<S> {
    async fn insert(&self, event: &AuditEvent) -> Answer<()> {
        self.write()?;
        self.inner.audit_events().insert(event).await
    }

    async fn list(&self, query: &EventQuery) -> Answer<Vec<AuditEvent>> {
        self.inner.audit_events().list(query).await
    }

    async fn list_by_subject(&self, subject: &UserId, limit: u64) -> Answer<Vec<AuditEvent>> {
        self.inner.audit_events().list_by_subject(subject, limit).await
    }

    async fn find_chain(&self) -> Answer<Option<Chain>> {
        self.inner.audit_events().find_chain().await
    }

    async fn lock_chain(&self) -> Answer<Option<Locked<Chain>>> {
        self.inner.audit_events().lock_chain().await
    }

    async fn insert_chain(&self, chain: &Chain) -> Answer<Inserted> {
        self.write()?;
        self.inner.audit_events().insert_chain(chain).await
    }

    async fn update_chain(&self, from: &Chain, to: &Chain) -> Answer<Changed> {
        self.write()?;
        self.inner.audit_events().update_chain(from, to).await
    }

    async fn lock_unsealed(&self, limit: u64) -> Answer<Vec<AuditEvent>> {
        self.inner.audit_events().lock_unsealed(limit).await
    }

    async fn seal(&self, event: &SealedEvent) -> Answer<Changed> {
        self.write()?;
        self.inner.audit_events().seal(event).await
    }

    async fn sealed_after(&self, seq: i64, limit: u64) -> Answer<Vec<SealedEvent>> {
        self.inner.audit_events().sealed_after(seq, limit).await
    }

    async fn oldest_unsealed(&self) -> Answer<Option<DateTime<Utc>>> {
        self.inner.audit_events().oldest_unsealed().await
    }

    async fn count_unsealed(&self) -> Answer<u64> {
        self.inner.audit_events().count_unsealed().await
    }

    async fn remove_through(&self, seq: i64) -> Answer<u64> {
        self.write()?;
        self.inner.audit_events().remove_through(seq).await
    }

    async fn remove_proof(&self, event: &str) -> Answer<Changed> {
        self.write()?;
        self.inner.audit_events().remove_proof(event).await
    }

    async fn unseal(&self, limit: u64) -> Answer<u64> {
        self.write()?;
        self.inner.audit_events().unseal(limit).await
    }

    async fn list_involving(
        &self,
        user: &UserId,
        involvement: Involvement,
        after: Option<EventPosition>,
        limit: u64,
    ) -> Answer<Vec<AuditEvent>> {
        let events = self.inner.audit_events();
        events.list_involving(user, involvement, after, limit).await
    }
}
