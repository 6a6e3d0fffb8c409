//! What reads stored hashes, for tests that give it arbitrary text. Only with the feature `parsers`.

use doorward_domain::BoxError;

use super::block_pool::BlockPool;
use super::stored::StoredHash;

/// A hash that was read.
pub struct ParsedHash(StoredHash);

impl ParsedHash {
    /// None for an unknown form, and for one that would cost too much.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        StoredHash::parse(text).map(Self)
    }

    /// Whether this is the hash of the password.
    pub fn matches(&self, password: &[u8]) -> Result<bool, BoxError> {
        self.0.matches(password, &mut BlockPool::default())
    }
}
