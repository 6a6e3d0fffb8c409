use url::Url;

use crate::text::{self, InvalidText};

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

    /// A value from the database, not validated.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
