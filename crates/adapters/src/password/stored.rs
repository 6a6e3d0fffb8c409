use argon2::password_hash::phc;

use super::HashingError;
use super::argon2id::{Argon2Cost, Argon2Hash};
use super::better_auth::ScryptHash;
use super::block_pool::BlockPool;
use super::imported::{BcryptHash, Pbkdf2Hash};

/// A hash out of the database, known by its form.
pub(super) enum StoredHash {
    Argon2(Box<Argon2Hash>),
    Scrypt(Box<ScryptHash>),
    Bcrypt(BcryptHash),
    Pbkdf2(Box<Pbkdf2Hash>),
}

impl StoredHash {
    /// None for an unknown form, and for one that would cost more memory or time than is good (PW-10).
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.contains(':') {
            return ScryptHash::parse(text).map(Box::new).map(Self::Scrypt);
        }
        if text.starts_with("$2") {
            return BcryptHash::parse(text).map(Self::Bcrypt);
        }
        let hash = phc::PasswordHash::new(text).ok()?;
        match hash.algorithm.as_str() {
            "argon2id" | "argon2i" => Argon2Hash::parse(&hash).map(Box::new).map(Self::Argon2),
            "pbkdf2-sha256" => Pbkdf2Hash::parse(&hash).map(Box::new).map(Self::Pbkdf2),
            _ => None,
        }
    }

    /// The name of the pepper it was made with; empty without one (PW-11).
    pub(super) fn pepper(&self) -> &[u8] {
        match self {
            Self::Argon2(hash) => hash.pepper(),
            Self::Scrypt(_) | Self::Bcrypt(_) | Self::Pbkdf2(_) => &[],
        }
    }

    /// Whether this password can have this hash at all.
    pub(super) const fn accepts(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(_) => BcryptHash::accepts(password),
            Self::Argon2(_) | Self::Scrypt(_) | Self::Pbkdf2(_) => true,
        }
    }

    pub(super) fn matches(&self, password: &[u8], memory: &mut BlockPool) -> Result<bool, HashingError> {
        match self {
            Self::Argon2(hash) => hash.matches(password, memory),
            Self::Scrypt(hash) => hash.matches(password),
            Self::Bcrypt(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => Ok(hash.matches(password)),
        }
    }

    /// Whether a new hash would be of another algorithm or cost more (PW-3). `cost` is that of new Argon2id hashes;
    /// without one, new hashes are scrypt.
    pub(super) fn is_outdated(&self, cost: Option<&Argon2Cost>) -> bool {
        match (self, cost) {
            (Self::Argon2(hash), Some(cost)) => hash.is_weaker_than(cost),
            (Self::Scrypt(_), None) => false,
            _ => true,
        }
    }
}
