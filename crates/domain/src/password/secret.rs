use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::Secret;

/// A password as somebody typed it, in Unicode's NFKC form and otherwise untouched: no trimming, no folding,
/// no truncation (PW-6). Its life is short: it is hashed or verified, then wiped.
#[derive(Clone)]
pub struct Password {
    normalized: Secret<String>,
    typed_utf16_length: usize,
}

impl Password {
    /// Normalises what was typed.
    #[must_use]
    pub fn new(typed: &str) -> Self {
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
    fn pw_6_passwords_are_normalised_and_nothing_else() {
        assert_eq!(Password::new(" Ａ\u{212b}ﬁ ").expose(), " A\u{c5}fi ");
        assert_eq!(Password::new("🦀🦀").code_points(), 2);
        assert_eq!(Password::new("🦀🦀").utf16_units(), 4);
        assert_eq!(format!("{:?}", Password::new("secret")), "[redacted]");
    }
}
