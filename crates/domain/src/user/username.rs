use std::fmt;

/// A name by which a user can sign in: letters, digits, dots and underscores, in lower case. Unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// How long usernames are, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsernameLength {
    /// At least.
    pub min: usize,
    /// At most.
    pub max: usize,
}

/// Why a text is no username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsername {
    /// It is too short.
    #[error("the username is too short")]
    TooShort,
    /// It is too long.
    #[error("the username is too long")]
    TooLong,
    /// It has other characters than letters, digits, dots and underscores.
    #[error("the username has characters that no username has")]
    Malformed,
}

impl Username {
    /// A username from input, whatever its letter case.
    pub fn parse(raw: &str, length: UsernameLength) -> Result<Self, InvalidUsername> {
        let characters = raw.chars().count();
        if characters < length.min {
            return Err(InvalidUsername::TooShort);
        }
        if characters > length.max {
            return Err(InvalidUsername::TooLong);
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.".contains(&byte);
        if !raw.bytes().all(fits) {
            return Err(InvalidUsername::Malformed);
        }
        Ok(Self(raw.to_ascii_lowercase()))
    }

    /// A username from the database, not validated.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The username as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A new username. `None` leaves a part as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenUsername {
    /// The canonical form, by which the user signs in.
    pub username: Option<Username>,
    /// The form that is displayed.
    pub display: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: UsernameLength = UsernameLength { min: 3, max: 30 };

    #[test]
    fn letter_case_does_not_count() {
        assert_eq!(Username::parse("Ada_L.1", LENGTH).unwrap().as_str(), "ada_l.1");
    }

    #[test]
    fn other_shapes_are_refused() {
        for (text, problem) in [
            ("", InvalidUsername::TooShort),
            ("ab", InvalidUsername::TooShort),
            (&"a".repeat(31), InvalidUsername::TooLong),
            ("ada lovelace", InvalidUsername::Malformed),
            ("ada-l", InvalidUsername::Malformed),
            ("ada@l", InvalidUsername::Malformed),
            ("ädä", InvalidUsername::Malformed),
            ("ada\0", InvalidUsername::Malformed),
        ] {
            assert_eq!(Username::parse(text, LENGTH), Err(problem), "{text}");
        }
        assert!(Username::parse(&"a".repeat(30), LENGTH).is_ok());
    }
}
