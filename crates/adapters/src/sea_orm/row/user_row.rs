use doorward_domain::UserId;
use doorward_domain::fields::FieldValues;
use doorward_domain::user::{Ban, Email, ImageUrl, RoleList, User, UserName, Username};
use sea_orm::entity::prelude::*;

use crate::sea_orm::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub email: String,
    pub email_verified: bool,
    pub image: Option<String>,
    pub username: Option<String>,
    pub display_username: Option<String>,
    pub role: Option<String>,
    pub banned: Option<bool>,
    pub ban_reason: Option<String>,
    pub ban_expires: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    pub deleted_email: Option<String>,
    pub deleted_username: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for User {
    fn from(row: Model) -> Self {
        Self {
            id: UserId::from_stored(row.id),
            name: UserName::from_stored(row.name),
            email: Email::from_stored(row.email),
            email_verified: row.email_verified,
            image: row.image.map(ImageUrl::from_stored),
            username: row.username.map(Username::from_stored),
            display_username: row.display_username,
            extra: FieldValues::new(),
            role: row.role.map(RoleList::from_stored),
            ban: Ban {
                banned: row.banned,
                reason: row.ban_reason,
                expires_at: row.ban_expires.map(Timestamp::moment),
            },
            created_at: row.created_at.moment(),
            updated_at: row.updated_at.unwrap_or(row.created_at).moment(),
            deleted_at: row.deleted_at.map(Timestamp::moment),
            deleted_email: row.deleted_email.map(Email::from_stored),
            deleted_username: row.deleted_username.map(Username::from_stored),
        }
    }
}
