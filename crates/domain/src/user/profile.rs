use chrono::{DateTime, Utc};

use super::{ChosenUsername, Email, ImageUrl, User, UserName};
use crate::fields::{self, FieldChanges};
use crate::user::{BanChange, RoleList};

/// What a user changes about themselves. `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// The new name.
    pub name: Option<UserName>,
    /// The new picture; `Some(None)` removes it.
    pub image: Option<Option<ImageUrl>>,
    /// The new username.
    pub username: Option<ChosenUsername>,
    /// New values of the application's fields.
    pub extra: FieldChanges,
}

impl ProfileChange {
    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            name,
            image,
            username,
            extra,
        } = self;
        name.is_none() && image.is_none() && username.is_none() && extra.is_empty()
    }
}

/// What an administrator changes about a user. `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// What users may change themselves.
    pub profile: ProfileChange,
    /// The new address.
    pub email: Option<Email>,
    /// Whether the address counts as verified.
    pub email_verified: Option<bool>,
    /// The new roles.
    pub role: Option<RoleList>,
    /// Whether the user is banned.
    pub ban: BanChange,
}

impl From<ProfileChange> for UserChange {
    fn from(profile: ProfileChange) -> Self {
        Self {
            profile,
            ..Self::default()
        }
    }
}

impl UserChange {
    /// The user after the change.
    #[must_use]
    pub fn applied_to(&self, user: User, now: DateTime<Utc>) -> User {
        let Self {
            profile:
                ProfileChange {
                    name: new_name,
                    image: new_image,
                    username: chosen,
                    extra: new_extra,
                },
            email: new_email,
            email_verified: verified,
            role: new_role,
            ban: ban_change,
        } = self.clone();
        let User {
            id,
            name,
            email,
            email_verified,
            image,
            username,
            display_username,
            mut extra,
            role,
            ban,
            created_at,
            updated_at: _,
            deleted_at,
            deleted_email,
            deleted_username,
        } = user;
        fields::apply(&new_extra, &mut extra);
        let (new_username, new_display) = chosen.map_or((None, None), |chosen| {
            let ChosenUsername { username, display } = chosen;
            (username, display)
        });
        User {
            id,
            name: new_name.unwrap_or(name),
            email: new_email.unwrap_or(email),
            email_verified: verified.unwrap_or(email_verified),
            image: new_image.unwrap_or(image),
            username: new_username.or(username),
            display_username: new_display.or(display_username),
            extra,
            role: new_role.or(role),
            ban: ban_change.applied_to(ban),
            created_at,
            updated_at: now,
            deleted_at,
            deleted_email,
            deleted_username,
        }
    }
}
