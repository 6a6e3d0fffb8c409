use std::fmt;

use crate::text::{self, InvalidText};

/// A user's display name. May be empty, as in the protocol.
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

    /// A name from the database, not validated.
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
}
