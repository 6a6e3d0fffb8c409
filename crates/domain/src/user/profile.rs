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
        self.name.is_none() && self.image.is_none() && self.username.is_none() && self.extra.is_empty()
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
    pub fn applied_to(&self, mut user: User, now: DateTime<Utc>) -> User {
        let change = self.clone();
        if let Some(name) = change.profile.name {
            user.name = name;
        }
        if let Some(image) = change.profile.image {
            user.image = image;
        }
        if let Some(chosen) = change.profile.username {
            user.username = chosen.username.or(user.username);
            user.display_username = chosen.display.or(user.display_username);
        }
        fields::apply(&change.profile.extra, &mut user.extra);
        if let Some(email) = change.email {
            user.email = email;
        }
        if let Some(verified) = change.email_verified {
            user.email_verified = verified;
        }
        if let Some(role) = change.role {
            user.role = Some(role);
        }
        user.ban = change.ban.applied_to(user.ban);
        user.updated_at = now;
        user
    }
}
