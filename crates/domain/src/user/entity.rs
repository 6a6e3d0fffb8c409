use chrono::{DateTime, Utc};

use super::{Email, ImageUrl, UserName, Username};
use crate::UserId;
use crate::fields::FieldValues;
use crate::user::{Ban, RoleList};

/// A person known to the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never changes.
    pub id: UserId,
    /// What the person is called.
    pub name: UserName,
    /// Unique among all users. Of a deleted user: a tombstone nobody can sign in with.
    pub email: Email,
    /// Whether the person has shown that letters to `email` reach them.
    pub email_verified: bool,
    /// Where a picture of the person is found.
    pub image: Option<ImageUrl>,
    /// What the user signs in by in place of the address.
    pub username: Option<Username>,
    /// The username as its user wrote it.
    pub display_username: Option<String>,
    /// What the application keeps with a user.
    pub extra: FieldValues,
    /// What the user may do. Absent where nobody ever said: then the default role counts.
    pub role: Option<RoleList>,
    /// Whether the user is kept out.
    pub ban: Ban,
    /// When the user signed up.
    pub created_at: DateTime<Utc>,
    /// When any of this last changed.
    pub updated_at: DateTime<Utc>,
    /// When the user was deleted. A deleted user has no session and is absent for everybody but an administrator.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The address before the deletion, kept so that the user can be restored.
    pub deleted_email: Option<Email>,
    /// The username before the deletion, kept likewise.
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

    /// The user after a deletion that can be undone: no longer reachable by address and username, which
    /// are free again.
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
