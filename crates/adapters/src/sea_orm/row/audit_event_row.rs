use doorward_domain::audit::AuditEvent;
use doorward_domain::{SessionId, UserId};
use sea_orm::entity::prelude::*;

use crate::sea_orm::timestamp::Timestamp;

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
