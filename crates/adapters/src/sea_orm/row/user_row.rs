use chrono::{DateTime, Utc};
use doorward_domain::UserId;
use doorward_domain::fields::FieldValues;
use doorward_domain::user::{
    Ban, BanChange, ChosenUsername, Email, ImageUrl, ProfileChange, RoleList, User, UserChange, UserColumn,
    UserName, Username,
};
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::SimpleExpr;

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
        let Model {
            id,
            name,
            email,
            email_verified,
            image,
            username,
            display_username,
            role,
            banned,
            ban_reason,
            ban_expires,
            created_at,
            updated_at,
            deleted_at,
            deleted_email,
            deleted_username,
        } = row;
        Self {
            id: UserId::from_stored(id),
            name: UserName::from_stored(name),
            email: Email::from_stored(email),
            email_verified,
            image: image.map(ImageUrl::from_stored),
            username: username.map(Username::from_stored),
            display_username,
            extra: FieldValues::new(),
            role: role.map(RoleList::from_stored),
            ban: Ban {
                banned,
                reason: ban_reason,
                expires_at: ban_expires.map(Timestamp::moment),
            },
            created_at: created_at.moment(),
            updated_at: updated_at.unwrap_or(created_at).moment(),
            deleted_at: deleted_at.map(Timestamp::moment),
            deleted_email: deleted_email.map(Email::from_stored),
            deleted_username: deleted_username.map(Username::from_stored),
        }
    }
}

/// The row of a user, without the columns of the application.
pub(in crate::sea_orm) fn row_of(user: &User, at: impl Fn(DateTime<Utc>) -> Timestamp) -> ActiveModel {
    let User {
        id,
        name,
        email,
        email_verified,
        image,
        username,
        display_username,
        extra: _,
        role,
        ban: Ban {
            banned,
            reason,
            expires_at,
        },
        created_at,
        updated_at,
        deleted_at,
        deleted_email,
        deleted_username,
    } = user;
    ActiveModel {
        id: Set(id.to_string()),
        name: Set(name.to_string()),
        email: Set(email.to_string()),
        email_verified: Set(*email_verified),
        image: Set(image.as_ref().map(|image| image.as_str().to_owned())),
        username: Set(username.as_ref().map(ToString::to_string)),
        display_username: Set(display_username.clone()),
        role: Set(role.as_ref().map(ToString::to_string)),
        banned: Set(*banned),
        ban_reason: Set(reason.clone()),
        ban_expires: Set(expires_at.map(&at)),
        created_at: Set(at(*created_at)),
        updated_at: Set(Some(at(*updated_at))),
        deleted_at: Set(deleted_at.map(&at)),
        deleted_email: Set(deleted_email.as_ref().map(ToString::to_string)),
        deleted_username: Set(deleted_username.as_ref().map(ToString::to_string)),
    }
}

/// What a change writes, but for the columns of the application.
pub(in crate::sea_orm) fn written_by(
    change: &UserChange,
    at: impl Fn(DateTime<Utc>) -> Timestamp,
) -> Vec<(Column, SimpleExpr)> {
    let UserChange {
        profile:
            ProfileChange {
                name,
                image,
                username: chosen,
                extra: _,
            },
        email,
        email_verified,
        role,
        ban: BanChange {
            banned,
            reason,
            expires_at,
        },
    } = change;
    let (username, display) = chosen.as_ref().map_or((None, None), |chosen| {
        let ChosenUsername { username, display } = chosen;
        (username.as_ref(), display.as_ref())
    });
    let end =
        |end: &Option<DateTime<Utc>>| end.map_or_else(|| Expr::cust("NULL"), |end| Expr::value(at(end)));
    let image = image.as_ref().map(|image| image.as_ref().map(ImageUrl::as_str));
    let written = [
        (Column::Name, name.as_ref().map(|name| Expr::value(name.as_str()))),
        (
            Column::Image,
            image.map(|image| Expr::value(image.map(str::to_owned))),
        ),
        (
            Column::Username,
            username.map(|username| Expr::value(username.as_str())),
        ),
        (
            Column::DisplayUsername,
            display.map(|display| Expr::value(display.as_str())),
        ),
        (
            Column::Email,
            email.as_ref().map(|email| Expr::value(email.as_str())),
        ),
        (Column::EmailVerified, email_verified.map(Expr::value)),
        (Column::Role, role.as_ref().map(|role| Expr::value(role.as_str()))),
        (Column::Banned, banned.map(Expr::value)),
        (
            Column::BanReason,
            reason.as_ref().map(|reason| Expr::value(reason.clone())),
        ),
        (Column::BanExpires, expires_at.as_ref().map(end)),
    ];
    written
        .into_iter()
        .filter_map(|(column, value)| Some((column, value?)))
        .collect()
}

impl From<UserColumn> for Column {
    fn from(column: UserColumn) -> Self {
        match column {
            UserColumn::Id => Self::Id,
            UserColumn::Name => Self::Name,
            UserColumn::Email => Self::Email,
            UserColumn::EmailVerified => Self::EmailVerified,
            UserColumn::Image => Self::Image,
            UserColumn::Username => Self::Username,
            UserColumn::DisplayUsername => Self::DisplayUsername,
            UserColumn::Role => Self::Role,
            UserColumn::Banned => Self::Banned,
            UserColumn::BanReason => Self::BanReason,
            UserColumn::BanExpires => Self::BanExpires,
            UserColumn::CreatedAt => Self::CreatedAt,
            UserColumn::UpdatedAt => Self::UpdatedAt,
        }
    }
}
