use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use doorward_domain::{Entropy, Key, Keyring, SignatureCheck, Signer};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::KeyFingerprint;

const SALT: usize = 16;
const KEY: usize = 32;

/// Signs with HMAC-SHA-256 under a key that HKDF-SHA-256 derives from a secret of the server, one for each purpose.
///
/// A signature is the [`KeyFingerprint`] of the secret, a dot, and the base64url of the code. The current secret signs; the
/// fingerprint says which one checks.
pub struct HmacSigner {
    current: SigningKey,
    others: Vec<SigningKey>,
    entropy: Arc<dyn Entropy>,
}

struct SigningKey {
    fingerprint: KeyFingerprint,
    key: Zeroizing<[u8; KEY]>,
}

impl SigningKey {
    fn of(key: &Key, purpose: &str) -> Self {
        let mut derived = Zeroizing::new([0; KEY]);
        if Hkdf::<Sha256>::new(None, key.secret.expose().as_bytes())
            .expand(purpose.as_bytes(), &mut *derived)
            .is_err()
        {
            unreachable!("HKDF-SHA-256 expands to 32 bytes");
        }
        Self {
            fingerprint: KeyFingerprint::of(&key.secret),
            key: derived,
        }
    }

    fn code(&self, message: &[u8]) -> Hmac<Sha256> {
        let Ok(mut code) = Hmac::<Sha256>::new_from_slice(&*self.key) else {
            unreachable!("HMAC takes keys of any length");
        };
        code.update(message);
        code
    }
}

impl HmacSigner {
    /// A signer for this purpose.
    #[must_use]
    pub fn new(keys: &Keyring, purpose: &str, entropy: Arc<dyn Entropy>) -> Self {
        let of = |key: &Key| SigningKey::of(key, purpose);
        Self {
            current: of(keys.current()),
            others: keys.others().iter().map(of).collect(),
            entropy,
        }
    }
}

impl fmt::Debug for HmacSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacSigner").finish_non_exhaustive()
    }
}

impl Signer for HmacSigner {
    fn sign(&self, message: &[u8]) -> String {
        let SigningKey { fingerprint, .. } = &self.current;
        let code = self.current.code(message).finalize().into_bytes();
        format!("{fingerprint}.{}", BASE64_URL_SAFE_NO_PAD.encode(code))
    }

    fn check(&self, message: &[u8], signature: &str) -> SignatureCheck {
        let Some((fingerprint, code)) = signature.split_once('.') else {
            return SignatureCheck::Invalid;
        };
        let mut keys = std::iter::once(&self.current).chain(&self.others);
        let Some(key) = keys.find(|key| key.fingerprint.as_str() == fingerprint) else {
            return SignatureCheck::OtherKey;
        };
        let code = BASE64_URL_SAFE_NO_PAD.decode(code);
        if code.is_ok_and(|code| key.code(message).verify_slice(&code).is_ok()) {
            SignatureCheck::Valid
        } else {
            SignatureCheck::Invalid
        }
    }

    fn salt(&self) -> String {
        let mut salt = [0; SALT];
        self.entropy.fill(&mut salt);
        BASE64_URL_SAFE_NO_PAD.encode(salt)
    }
}

#[cfg(test)]
mod tests {
    use doorward_domain::Secret;

    use super::*;
    use crate::system::SystemEntropy;

    fn signer(secrets: &[&str], purpose: &str) -> HmacSigner {
        let key = |(id, secret): (usize, &&str)| Secret::new(format!("{id}:{secret}"));
        let keys: Vec<_> = (1..).zip(secrets).map(key).collect();
        HmacSigner::new(&Keyring::parse(&keys).unwrap(), purpose, Arc::new(SystemEntropy))
    }

    #[test]
    fn a_signature_is_of_one_message() {
        let signer = signer(&["a secret"], "audit");
        let signature = signer.sign(b"message");
        assert_eq!(signer.check(b"message", &signature), SignatureCheck::Valid);
        assert_eq!(signer.check(b"massage", &signature), SignatureCheck::Invalid);
        assert_eq!(signer.sign(b"message"), signature);
        let (name, code) = signature.split_once('.').unwrap();
        for wrong in [
            "",
            code,
            name,
            &format!("{name}."),
            &format!("{name}.{code}="),
            &format!("{name}.{}", &code[1..]),
        ] {
            assert_eq!(
                signer.check(b"message", wrong),
                SignatureCheck::Invalid,
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_signature_by_another_key_is_told_apart() {
        let signature = signer(&["a secret"], "audit").sign(b"message");
        let other = signer(&["another secret"], "audit");
        assert_eq!(other.check(b"message", &signature), SignatureCheck::OtherKey);
        let purpose = signer(&["a secret"], "tokens");
        assert_eq!(purpose.check(b"message", &signature), SignatureCheck::Invalid);
    }

    #[test]
    fn kr_2_what_a_former_secret_signed_is_valid_as_long_as_it_is_there() {
        let before = signer(&["former"], "audit").sign(b"message");
        let both = signer(&["new", "former"], "audit");
        assert_eq!(both.check(b"message", &before), SignatureCheck::Valid);
        assert_eq!(both.check(b"massage", &before), SignatureCheck::Invalid);
        assert_ne!(both.sign(b"message"), before);
        assert_eq!(
            signer(&["new"], "audit").check(b"message", &before),
            SignatureCheck::OtherKey
        );
    }

    #[test]
    fn no_two_salts_are_alike() {
        let signer = signer(&["a secret"], "audit");
        assert_ne!(signer.salt(), signer.salt());
        assert_eq!(signer.salt().len(), 22);
    }

    /// With another key, every event would count as altered. The signature was made with Python's `hmac`.
    #[test]
    fn the_key_stays_the_same_from_release_to_release() {
        let signer = signer(&["a secret of at least 32 characters"], "audit");
        assert_eq!(
            signer.sign(b"event"),
            "3c1b48c15e7fc2cf.70TP4ECeobQM_EpQZhEIqYaQjO2Vd5NrNOXPwvGFbBw"
        );
    }
}
