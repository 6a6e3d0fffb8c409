use std::fmt;

use chrono::{DateTime, Utc};
use url::Url;

use super::{ChosenUsername, Email, User};
use crate::fields::{self, FieldChanges};
use crate::text::{self, InvalidText};
use crate::user::{BanChange, RoleList};

/// What a user is called. May be empty, as in the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

impl UserName {
    /// The most characters of a name (IN-3).
    pub const MAX: usize = 256;

    /// A name from input: at most [`MAX`](Self::MAX) characters and no control character.
    pub fn parse(raw: &str) -> Result<Self, InvalidText> {
        text::check(raw, Self::MAX)?;
        Ok(Self(raw.to_owned()))
    }

    /// A name out of the database, whatever its shape.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address of a user's picture. Doorward never fetches it (IN-6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUrl(String);

impl ImageUrl {
    /// An absolute http or https URL of at most `max` characters (IN-3), kept as it was written.
    pub fn parse(raw: &str, max: Option<usize>) -> Result<Self, InvalidText> {
        text::check(raw, max.unwrap_or(usize::MAX))?;
        let web = Url::parse(raw).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if web {
            Ok(Self(raw.to_owned()))
        } else {
            Err(InvalidText::NotWeb)
        }
    }

    /// Any text of at most `max` characters in place of an address, as Better Auth takes it, but free of control characters.
    pub fn parse_any(raw: &str, max: Option<usize>) -> Result<Self, InvalidText> {
        text::check(raw, max.unwrap_or(usize::MAX))?;
        Ok(Self(raw.to_owned()))
    }

    /// An address out of the database, whatever its shape.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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
    /// Whether the user is kept out.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_3_names_are_bounded_and_free_of_controls() {
        assert!(UserName::parse("Zoë \"Ω\" <b>🦀</b> \\").is_ok());
        assert!(UserName::parse("").is_ok());
        assert!(UserName::parse(&"ä".repeat(256)).is_ok());
        assert_eq!(
            UserName::parse(&"ä".repeat(257)),
            Err(InvalidText::TooLong { max: 256 })
        );
        assert_eq!(UserName::parse("a\0b"), Err(InvalidText::ControlCharacter));
    }

    #[test]
    fn in_6_pictures_are_web_addresses() {
        let long = "x".repeat(2049);
        assert_eq!(
            ImageUrl::parse_any(&long, Some(2048)),
            Err(InvalidText::TooLong { max: 2048 })
        );
        assert!(ImageUrl::parse_any(&long, None).is_ok());
        assert!(ImageUrl::parse_any("a\0", None).is_err());
        assert!(ImageUrl::parse("https://images.example.test/ada.png", Some(2048)).is_ok());
        for text in [
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "/ada.png",
            "ada.png",
            "ftp://example.test/a",
        ] {
            assert_eq!(ImageUrl::parse(text, None), Err(InvalidText::NotWeb), "{text}");
            assert_eq!(ImageUrl::parse_any(text, None).unwrap().as_str(), text);
        }
    }
}
