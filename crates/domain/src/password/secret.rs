use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::Secret;

/// A password, normalised to Unicode's NFKC form and otherwise unchanged: no trimming, no case folding, no truncation
/// (PW-6). It is zeroed when dropped.
#[derive(Clone)]
pub struct Password {
    normalized: Secret<String>,
    typed_utf16_length: usize,
}

/// Bytes of what is typed that one code point can be made of: four characters of four bytes, which NFKC composes.
const BYTES_PER_CODE_POINT: usize = 16;

impl Password {
    /// A password from a request. Normalising takes time by its length, so what is longer than any password of at most
    /// `max_length` can be is not normalised. A policy of that length refuses it as too long (PW-5).
    #[must_use]
    pub fn parse(typed: &str, max_length: usize) -> Self {
        if typed.len() <= max_length.saturating_mul(BYTES_PER_CODE_POINT) {
            return Self::normalized(typed);
        }
        Self {
            normalized: Secret::new(typed.to_owned()),
            typed_utf16_length: typed.encode_utf16().count(),
        }
    }

    /// A password of a test. What comes from outside is parsed, whoever sends it (PW-5).
    #[cfg(any(test, feature = "mocks"))]
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self::normalized(typed)
    }

    fn normalized(typed: &str) -> Self {
        Self {
            normalized: Secret::new(typed.nfkc().collect()),
            typed_utf16_length: typed.encode_utf16().count(),
        }
    }

    /// The normalised password.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.normalized.expose()
    }

    /// Length in Unicode code points after normalisation (PW-4).
    #[must_use]
    pub fn code_points(&self) -> usize {
        self.expose().chars().count()
    }

    /// Length of what was typed in UTF-16 code units, as JavaScript counts.
    #[must_use]
    pub const fn utf16_units(&self) -> usize {
        self.typed_utf16_length
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pw_5_what_is_far_too_long_is_not_normalised() {
        use super::super::{LengthUnit, PasswordPolicy};
        for unit in [LengthUnit::CodePoints, LengthUnit::Utf16Units] {
            let policy = PasswordPolicy {
                min_length: 8,
                max_length: 16,
                unit,
                refuse_common: false,
                context_words: Vec::new(),
            };
            // U+FDFA is eighteen characters in NFKC and three bytes.
            let longest = "\u{fdfa}".repeat(85);
            assert!(
                !Password::parse(&longest, policy.max_length)
                    .expose()
                    .contains('\u{fdfa}')
            );
            for typed in ["\u{fdfa}".repeat(86), "\u{1d15f}".repeat(65), "x".repeat(257)] {
                let password = Password::parse(&typed, policy.max_length);
                assert_eq!(password.expose(), typed);
                assert!(policy.is_too_long(&password));
            }
        }
    }

    #[test]
    fn pw_6_passwords_are_normalised_and_nothing_else() {
        assert_eq!(Password::new(" Ａ\u{212b}ﬁ ").expose(), " A\u{c5}fi ");
        assert_eq!(Password::new("🦀🦀").code_points(), 2);
        assert_eq!(Password::new("🦀🦀").utf16_units(), 4);
        assert_eq!(format!("{:?}", Password::new("secret")), "[redacted]");
    }
}
