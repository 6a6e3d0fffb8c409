use doorward_domain::account::Account;
use doorward_domain::password::PasswordHash;
use doorward_domain::{AccountId, UserId};
use sea_orm::entity::prelude::*;

use crate::sea_orm::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "account", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: String,
    pub provider_id: String,
    pub account_id: String,
    pub scope: Option<String>,
    pub password: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Account {
    fn from(row: Model) -> Self {
        Self {
            id: AccountId::from_stored(row.id),
            user_id: UserId::from_stored(row.user_id),
            provider_id: row.provider_id,
            account_id: row.account_id,
            scope: row.scope,
            password: row.password.map(PasswordHash::from_stored),
            created_at: row.created_at.moment(),
            updated_at: row.updated_at.unwrap_or(row.created_at).moment(),
        }
    }
}
