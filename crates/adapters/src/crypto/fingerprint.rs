use std::fmt;

use doorward_domain::Secret;
use hkdf::Hkdf;
use sha2::Sha256;

const PURPOSE: &[u8] = b"doorward key fingerprint";
const BYTES: usize = 8;

/// What tells a secret from others without showing it: 64 bits that HKDF-SHA-256 derives from it.
///
/// It travels with what is sealed, so that the key is found without trying (KR-2). It depends on the secret alone: an operator who
/// renumbers the secrets loses nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyFingerprint(String);

impl KeyFingerprint {
    /// How many characters it has as text.
    pub(crate) const LENGTH: usize = 2 * BYTES;

    /// The fingerprint of this secret.
    #[must_use]
    pub fn of(secret: &Secret<String>) -> Self {
        let mut bytes = [0_u8; BYTES];
        if Hkdf::<Sha256>::new(None, secret.expose().as_bytes())
            .expand(PURPOSE, &mut bytes)
            .is_err()
        {
            unreachable!("HKDF-SHA-256 expands to 8 bytes");
        }
        Self(hex::encode(bytes))
    }

    /// As it stands in the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's `hmac`, by RFC 5869. With another derivation no email that waits could be opened.
    #[test]
    fn the_fingerprint_stays_the_same_from_release_to_release() {
        let secret = Secret::new("a secret of at least 32 characters".to_owned());
        let fingerprint = KeyFingerprint::of(&secret);
        assert_eq!(fingerprint.as_str(), "3c1b48c15e7fc2cf");
        assert_eq!(fingerprint.as_str().len(), KeyFingerprint::LENGTH);
        let other = Secret::new("a secret of at least 33 characters".to_owned());
        assert_ne!(KeyFingerprint::of(&other), fingerprint);
    }
}
