//! The audit log on a database.

mod erase;
mod list;
mod purge;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::audit::{AuditEvent, AuditEventRepository, EventFilter, EventOrder, EventQuery};
use doorward_domain::{SessionId, StoreError, UserId};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

use super::SeaRepositories;
use super::error::store_error;
use super::timestamp::Timestamp;
pub(super) use erase::erase_personal_data;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "doorward_audit_event", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    pub at: Timestamp,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub session_id: Option<String>,
    pub impersonated_by: Option<String>,
    pub subject_id: Option<String>,
    pub request_id: String,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub outcome: String,
    pub details: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for AuditEvent {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            at: row.at.moment(),
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            session_id: row.session_id.map(SessionId::from_stored),
            impersonated_by: row.impersonated_by.map(UserId::from_stored),
            subject_id: row.subject_id.map(UserId::from_stored),
            request_id: row.request_id,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            outcome: row.outcome,
            details: row.details,
        }
    }
}

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

    async fn list(&self, query: &EventQuery) -> Result<Vec<AuditEvent>, StoreError> {
        self.list_events(query).await
    }

    async fn list_by_subject(&self, subject: &UserId, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        let query = EventQuery {
            order: EventOrder::OldestFirst,
            ..EventQuery::newest(EventFilter::of_subject(subject), limit)
        };
        self.list_events(&query).await
    }

    async fn purge_before(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        self.purge_events(before, limit).await
    }
}
