use doorward_domain::fields::FieldValues;
use doorward_domain::session::{Authentication, Lifetime, Session, StoredToken};
use doorward_domain::{SessionId, UserId};
use sea_orm::entity::prelude::*;

use crate::sea_orm::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: String,
    pub token: String,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub impersonated_by: Option<String>,
    #[sea_orm(column_name = "adoptedAt")]
    pub imported_at: Option<Timestamp>,
    pub amr: Option<String>,
    pub authenticated_at: Option<Timestamp>,
    pub browser_session: Option<bool>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::user_row::Entity",
        from = "Column::UserId",
        to = "super::user_row::Column::Id"
    )]
    User,
}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Session {
    fn from(row: Model) -> Self {
        Self {
            id: SessionId::from_stored(row.id),
            user_id: UserId::from_stored(row.user_id),
            token: StoredToken::from_stored(row.token),
            expires_at: row.expires_at.moment(),
            created_at: row.created_at.moment(),
            updated_at: row.updated_at.unwrap_or(row.created_at).moment(),
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            extra: FieldValues::new(),
            impersonated_by: row.impersonated_by.map(UserId::from_stored),
            imported_at: row.imported_at.map(Timestamp::moment),
            authentication: Authentication {
                methods: Authentication::methods_from_stored(row.amr.as_deref()),
                at: row.authenticated_at.unwrap_or(row.created_at).moment(),
            },
            lifetime: row.browser_session.map(|ends_with_browser| {
                if ends_with_browser {
                    Lifetime::BrowserSession
                } else {
                    Lifetime::Remembered
                }
            }),
        }
    }
}
