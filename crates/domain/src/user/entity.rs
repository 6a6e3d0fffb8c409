use chrono::{DateTime, Utc};

use super::{Email, ImageUrl, UserName, Username};
use crate::UserId;
use crate::fields::FieldValues;
use crate::user::{Ban, RoleList};

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never changes.
    pub id: UserId,
    /// The display name.
    pub name: UserName,
    /// Unique among all users. Of a deleted user: a placeholder that no sign-in accepts.
    pub email: Email,
    /// Whether the user proved to receive emails at `email`.
    pub email_verified: bool,
    /// The URL of a picture.
    pub image: Option<ImageUrl>,
    /// The username, by which the user can sign in instead of by address.
    pub username: Option<Username>,
    /// The username as the user typed it.
    pub display_username: Option<String>,
    /// Values of the application's additional fields.
    pub extra: FieldValues,
    /// The user's roles. Absent if none was assigned; then the default role applies.
    pub role: Option<RoleList>,
    /// Whether the user is banned.
    pub ban: Ban,
    /// When the user signed up.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
    /// When the user was deleted. A deleted user has no session, and only administrators find it.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The address before the deletion, kept so that the user can be restored.
    pub deleted_email: Option<Email>,
    /// The username before the deletion, kept so that it can be restored.
    pub deleted_username: Option<Username>,
}

impl User {
    /// A user who signs up now, with an address not yet verified.
    #[must_use]
    pub const fn new(
        id: UserId,
        name: UserName,
        email: Email,
        image: Option<ImageUrl>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            name,
            email,
            email_verified: false,
            image,
            username: None,
            display_username: None,
            extra: FieldValues::new(),
            role: None,
            ban: Ban {
                banned: None,
                reason: None,
                expires_at: None,
            },
            created_at: now,
            updated_at: now,
            deleted_at: None,
            deleted_email: None,
            deleted_username: None,
        }
    }

    /// The user after a soft deletion: address and username are moved aside, so that others can take them.
    #[must_use]
    pub fn deleted(self, now: DateTime<Utc>) -> Self {
        let Self {
            id,
            name,
            email,
            email_verified,
            image,
            username,
            display_username,
            extra,
            role,
            ban,
            created_at,
            updated_at: _,
            deleted_at: _,
            deleted_email: _,
            deleted_username: _,
        } = self;
        Self {
            email: Email::tombstone(&id),
            username: None,
            updated_at: now,
            deleted_at: Some(now),
            deleted_email: Some(email),
            deleted_username: username,
            id,
            name,
            email_verified,
            image,
            display_username,
            extra,
            role,
            ban,
            created_at,
        }
    }
}
