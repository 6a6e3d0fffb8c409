use doorward_domain::email::OutboxMessage;
use sea_orm::entity::prelude::*;

use crate::sea_orm::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "doorward_outbox", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub sealed: String,
    pub attempts: i32,
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub lease_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for OutboxMessage {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            sealed: row.sealed,
            attempts: u32::try_from(row.attempts).unwrap_or_default(),
            due_at: row.due_at.moment(),
            created_at: row.created_at.moment(),
        }
    }
}
