use async_trait::async_trait;
use doorward_domain::audit::{AuditEvent, AuditEventRepository};
use doorward_domain::{StoreError, UserId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::SeaRepositories;
use super::error::store_error;
use super::row::audit_event_row::{ActiveModel, Column, Entity};

#[async_trait]
impl<C: ConnectionTrait + Send + Sync + 'static> AuditEventRepository for SeaRepositories<C> {
    async fn insert(&self, event: &AuditEvent) -> Result<(), StoreError> {
        let event = event.clone();
        let row = ActiveModel {
            id: Set(event.id),
            kind: Set(event.kind),
            at: Set(self.at(event.at)),
            actor_kind: Set(event.actor_kind),
            actor_id: Set(event.actor_id),
            session_id: Set(event.session_id.map(|id| id.to_string())),
            impersonated_by: Set(event.impersonated_by.map(|id| id.to_string())),
            subject_id: Set(event.subject_id.map(|id| id.to_string())),
            request_id: Set(event.request_id),
            ip_address: Set(event.ip_address),
            user_agent: Set(event.user_agent),
            outcome: Set(event.outcome),
            details: Set(event.details),
        };
        Entity::insert(row)
            .exec_without_returning(&self.connection)
            .await
            .map(drop)
            .map_err(store_error)
    }

    async fn list_by_subject(&self, subject: &UserId, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        let rows = Entity::find()
            .filter(Column::SubjectId.eq(subject.as_str()))
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(rows.into_iter().map(AuditEvent::from).collect())
    }
}
