use chrono::{DateTime, Utc};
use doorward_application::settings::Settings;
use doorward_domain::UserId;
use doorward_domain::fields::FieldValues;
use doorward_domain::user::{Ban, Email, ImageUrl, RoleList, User, UserName, Username};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::body::given;
use crate::fields;
use crate::response::{WireDate, wire_date};

/// A user as clients see them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(crate) struct UserReply {
    /// Opaque.
    pub(crate) id: String,
    /// What the user is called.
    pub(crate) name: String,
    /// In lower case.
    pub(crate) email: String,
    /// Whether emails to `email` were shown to reach the user.
    pub(crate) email_verified: bool,
    /// Where a picture of the user is found.
    pub(crate) image: Option<String>,
    /// When the user signed up.
    #[serde(with = "wire_date")]
    pub(crate) created_at: DateTime<Utc>,
    /// When the user last changed.
    #[serde(with = "wire_date")]
    pub(crate) updated_at: DateTime<Utc>,
    /// What the user signs in by in place of the address. Like the next, only with `username.enabled`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub(crate) username: Option<Option<String>>,
    /// The username as its user wrote it.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub(crate) display_username: Option<Option<String>>,
    /// The user's roles, joined by commas. Like the bans, only with `admin.enabled`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub(crate) role: Option<Option<String>>,
    /// Whether the user is banned.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bool>, required = false)]
    pub(crate) banned: Option<Option<bool>>,
    /// Why the user is banned.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub(crate) ban_reason: Option<Option<String>>,
    /// The moment the ban ends.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub(crate) ban_expires: Option<Option<WireDate>>,
    /// The fields of `user.additional_fields`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub(crate) extra: Map<String, Value>,
}

impl UserReply {
    /// The user, with the fields these settings give users.
    pub(crate) fn new(user: &User, settings: &Settings) -> Self {
        let User {
            id,
            name,
            email,
            email_verified,
            image,
            username,
            display_username,
            extra,
            role,
            ban:
                Ban {
                    banned,
                    reason,
                    expires_at,
                },
            created_at,
            updated_at,
            // Who sees a deleted user sees it as it is stored, without these.
            deleted_at: _,
            deleted_email: _,
            deleted_username: _,
        } = user;
        let managed = settings.admin.enabled;
        let named = settings.username.enabled;
        Self {
            id: id.as_str().to_owned(),
            name: name.as_str().to_owned(),
            email: email.as_str().to_owned(),
            email_verified: *email_verified,
            image: image.as_ref().map(|image| image.as_str().to_owned()),
            created_at: *created_at,
            updated_at: *updated_at,
            username: named.then(|| username.as_ref().map(ToString::to_string)),
            display_username: named.then(|| display_username.clone()),
            role: managed.then(|| role.as_ref().map(|role| role.as_str().to_owned())),
            banned: managed.then_some(*banned),
            ban_reason: managed.then(|| reason.clone()),
            ban_expires: managed.then(|| expires_at.map(WireDate)),
            extra: fields::shown(&settings.user_fields, extra),
        }
    }
}

impl From<UserReply> for User {
    fn from(reply: UserReply) -> Self {
        let UserReply {
            id,
            name,
            email,
            email_verified,
            image,
            created_at,
            updated_at,
            username,
            display_username,
            role,
            banned,
            ban_reason,
            ban_expires,
            // Read by `cached`, which knows their types.
            extra: _,
        } = reply;
        Self {
            id: UserId::from_stored(id),
            name: UserName::from_stored(name),
            email: Email::from_stored(email),
            email_verified,
            image: image.map(ImageUrl::from_stored),
            username: username.flatten().map(Username::from_stored),
            display_username: display_username.flatten(),
            extra: FieldValues::new(),
            role: role.flatten().map(RoleList::from_stored),
            ban: Ban {
                banned: banned.flatten(),
                reason: ban_reason.flatten(),
                expires_at: ban_expires.flatten().map(|date| date.0),
            },
            created_at,
            updated_at,
            deleted_at: None,
            deleted_email: None,
            deleted_username: None,
        }
    }
}

impl UserReply {
    /// The user in a cached answer. What is in a column of a plugin that is off is an application's field of that name.
    pub(crate) fn cached(reply: Value, settings: &Settings) -> Option<User> {
        let extra = fields::cached(&settings.user_fields, &reply);
        let mut user = User::from(serde_json::from_value::<Self>(reply).ok()?);
        if !settings.admin.enabled {
            (user.role, user.ban) = (None, Ban::default());
        }
        if !settings.username.enabled {
            (user.username, user.display_username) = (None, None);
        }
        user.extra = extra;
        Some(user)
    }
}
