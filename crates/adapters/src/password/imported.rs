use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::HashingError;

/// A bcrypt hash: `$2a$`, `$2b$` or `$2y$`, which say the same of passwords in UTF-8.
pub(super) struct BcryptHash(String);

impl BcryptHash {
    /// bcrypt sees no more; to compare the rest as well is to refuse (PW-10).
    const LONGEST_PASSWORD: usize = 72;
    /// About a second; every step doubles it.
    const HIGHEST_COST: u32 = 14;

    pub(super) fn parse(text: &str) -> Option<Self> {
        let known = ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        let parts: bcrypt::HashParts = text.parse().ok()?;
        (known && parts.get_cost() <= Self::HIGHEST_COST).then(|| Self(text.to_owned()))
    }

    pub(super) const fn accepts(password: &[u8]) -> bool {
        password.len() <= Self::LONGEST_PASSWORD
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashingError> {
        Ok(bcrypt::verify(password, &self.0)?)
    }
}

/// A PBKDF2-HMAC-SHA-256 hash in PHC form.
pub(super) struct Pbkdf2Hash {
    rounds: u32,
    salt: Salt,
    output: Output,
}

impl Pbkdf2Hash {
    /// About a second where the processor has no instructions for SHA-256.
    const MOST_ROUNDS: u32 = 3_000_000;

    pub(super) fn parse(hash: &PasswordHash) -> Option<Self> {
        let rounds = hash.params.get_decimal("i")?;
        let plausible = hash.algorithm.as_str() == "pbkdf2-sha256"
            && hash.version.is_none()
            && (1..=Self::MOST_ROUNDS).contains(&rounds);
        let (salt, output) = (hash.salt?, hash.hash?);
        plausible.then_some(Self { rounds, salt, output })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut buffer = [0; Output::MAX_LENGTH];
        let output = &mut buffer[..self.output.len()];
        pbkdf2_hmac::<Sha256>(password, &self.salt, self.rounds, output);
        output.ct_eq(self.output.as_bytes()).into()
    }
}
