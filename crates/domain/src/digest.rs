use std::fmt;

use sha2::{Digest, Sha256};

/// Token hashing: the SHA-256 digest that the database stores in place of a bearer token (TK-2).
///
/// Its form is `sha256:` and 64 hexadecimal digits. No token contains a colon, so a digest from a stolen database is never
/// accepted as a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenDigest(String);

impl TokenDigest {
    const PREFIX: &'static str = "sha256:";

    /// Hashes a bearer token.
    #[must_use]
    pub fn of(value: &str) -> Self {
        Self(format!(
            "{}{}",
            Self::PREFIX,
            hex::encode(Sha256::digest(value.as_bytes()))
        ))
    }

    /// A value from the database, not validated.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether `text` has the form of a digest, and so cannot be a token.
    #[must_use]
    pub fn looks_like(text: &str) -> bool {
        text.starts_with(Self::PREFIX)
    }

    /// The digest as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_sha_256_in_a_form_of_their_own() {
        let digest = TokenDigest::of("abc");
        assert_eq!(
            digest.as_str(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(TokenDigest::looks_like(digest.as_str()));
        assert!(!TokenDigest::looks_like("abc"));
    }
}
