use std::fmt;

use crate::entropy::{Alphabet, Entropy, random_text};
use crate::{Secret, TokenDigest, has_control_characters};

/// A session token. It is in plaintext only in the cookie and in the response that issued the session.
#[derive(Clone, Debug)]
pub struct SessionToken(Secret<String>);

/// The text cannot be a session token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a session token")]
pub struct InvalidToken;

impl SessionToken {
    const LENGTH: usize = 32;
    const MAX: usize = 512;

    /// A new token of 190 random bits (TK-1).
    pub fn mint(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(random_text(
            entropy,
            Alphabet::Alphanumeric,
            Self::LENGTH,
        )))
    }

    /// Parses a presented token. Imported tokens may have any form but that of a digest: a digest from a stolen database must
    /// not authenticate (TK-2).
    pub fn parse(presented: &str) -> Result<Self, InvalidToken> {
        let plausible = !presented.is_empty()
            && presented.len() <= Self::MAX
            && !has_control_characters(presented)
            && !TokenDigest::looks_like(presented);
        if plausible {
            Ok(Self(Secret::new(presented.to_owned())))
        } else {
            Err(InvalidToken)
        }
    }

    /// The token in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The token as it is stored.
    #[must_use]
    pub fn stored(&self, storage: TokenStorage) -> StoredToken {
        StoredToken(match storage {
            TokenStorage::Digest => TokenDigest::of(self.expose()).as_str().to_owned(),
            TokenStorage::Plaintext => self.expose().to_owned(),
        })
    }
}

/// Whether bearer tokens are stored hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStorage {
    /// Hashed, as a [`TokenDigest`] (TK-2).
    Digest,
    /// As they are, so that Better Auth can read them.
    Plaintext,
}

/// The `token` column of a session: a digest or, where Better Auth shares the database, the token in clear.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StoredToken(String);

/// Tells the form only: in clear, the column is as good as the token (SK-1).
impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoredToken").field(&self.storage()).finish()
    }
}

impl StoredToken {
    /// The column's value.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The column's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form it is in.
    #[must_use]
    pub fn storage(&self) -> TokenStorage {
        if TokenDigest::looks_like(&self.0) {
            TokenStorage::Digest
        } else {
            TokenStorage::Plaintext
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sk_1_a_stored_token_is_not_printed() {
        let token = SessionToken::parse("TokenFromElsewhere").unwrap();
        for storage in [TokenStorage::Digest, TokenStorage::Plaintext] {
            let stored = token.stored(storage);
            assert!(!format!("{stored:?}").contains(stored.as_str()));
        }
    }

    #[test]
    fn tk_2_a_stored_digest_is_no_token() {
        let token = SessionToken::parse("TokenFromElsewhere").unwrap();
        let digest = token.stored(TokenStorage::Digest);
        assert_eq!(digest.storage(), TokenStorage::Digest);
        assert!(SessionToken::parse(digest.as_str()).is_err());
        assert_eq!(
            token.stored(TokenStorage::Plaintext).as_str(),
            "TokenFromElsewhere"
        );
    }

    #[test]
    fn implausible_tokens_are_refused() {
        for text in ["", "a\0b", "a\nb", &"x".repeat(513)] {
            assert!(SessionToken::parse(text).is_err(), "{text:?}");
        }
    }
}
