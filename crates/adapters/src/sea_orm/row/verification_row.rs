use doorward_domain::UserId;
use doorward_domain::verification::Verification;
use sea_orm::entity::prelude::*;

use crate::sea_orm::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "verification", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub identifier: String,
    pub value: String,
    pub user_id: Option<String>,
    pub expires_at: Timestamp,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Verification {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            identifier: row.identifier,
            value: row.value,
            user_id: row.user_id.map(UserId::from_stored),
            expires_at: row.expires_at.moment(),
            created_at: row.created_at.unwrap_or(row.expires_at).moment(),
        }
    }
}
