use crate::entropy::{Alphabet, Entropy, random_text};
use crate::{Secret, TokenDigest};

/// The token by which a browser is recognised. It tells known devices of a user from others, and signs nobody in.
///
/// It is in plaintext only in a cookie. One browser has one, whoever signs in there.
#[derive(Clone, Debug)]
pub struct DeviceToken(Secret<String>);

impl DeviceToken {
    const LENGTH: usize = 32;

    /// A new token of 190 random bits (TK-1).
    pub fn mint(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(random_text(
            entropy,
            Alphabet::Alphanumeric,
            Self::LENGTH,
        )))
    }

    /// Parses a presented token; `None` if no token has this form.
    #[must_use]
    pub fn parse(presented: &str) -> Option<Self> {
        let plausible =
            presented.len() == Self::LENGTH && presented.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plausible.then(|| Self(Secret::new(presented.to_owned())))
    }

    /// What is stored of it (TK-2).
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.expose())
    }

    /// The token in plaintext.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MockEntropy;

    #[test]
    fn tk_1_a_new_token_is_one() {
        let mut entropy = MockEntropy::new();
        entropy.expect_fill().returning(|buffer| buffer.fill(7));
        let token = DeviceToken::mint(&entropy);
        assert!(DeviceToken::parse(token.expose()).is_some());
    }

    #[test]
    fn tk_2_a_stored_digest_is_no_token() {
        let token = DeviceToken::parse(&"a".repeat(32)).unwrap();
        assert!(DeviceToken::parse(token.digest().as_str()).is_none());
        for text in ["", "a", &"a".repeat(31), &"a".repeat(33), &"é".repeat(16)] {
            assert!(DeviceToken::parse(text).is_none(), "{text}");
        }
    }
}
