use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use doorward_domain::{Entropy, Secret, SignatureCheck, Signer};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const SALT: usize = 16;
const KEY: usize = 32;
/// How much of the key's name is in a signature.
const NAME: usize = 4;

/// Signs with HMAC-SHA-256 under a key that HKDF-SHA-256 derives from the server's secret, one for each purpose.
///
/// A signature is the name of the key, which tells nothing of it, a dot, and the base64url of the code.
pub struct HmacSigner {
    key: Zeroizing<[u8; KEY]>,
    name: String,
    entropy: Arc<dyn Entropy>,
}

impl HmacSigner {
    /// A signer for this purpose.
    #[must_use]
    pub fn new(secret: &Secret<String>, purpose: &str, entropy: Arc<dyn Entropy>) -> Self {
        let derive = Hkdf::<Sha256>::new(None, secret.expose().as_bytes());
        let (mut key, mut name) = (Zeroizing::new([0; KEY]), [0; NAME]);
        let derived = derive
            .expand(purpose.as_bytes(), &mut *key)
            .and_then(|()| derive.expand_multi_info(&[purpose.as_bytes(), b" key name"], &mut name));
        if derived.is_err() {
            unreachable!("HKDF-SHA-256 expands to 32 bytes");
        }
        Self {
            key,
            name: hex::encode(name),
            entropy,
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

impl fmt::Debug for HmacSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacSigner").finish_non_exhaustive()
    }
}

impl Signer for HmacSigner {
    fn sign(&self, message: &[u8]) -> String {
        let code = self.code(message).finalize().into_bytes();
        format!("{}.{}", self.name, BASE64_URL_SAFE_NO_PAD.encode(code))
    }

    fn check(&self, message: &[u8], signature: &str) -> SignatureCheck {
        let Some((name, code)) = signature.split_once('.') else {
            return SignatureCheck::Invalid;
        };
        let is_name = name.len() == 2 * NAME && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_name && name != self.name {
            return SignatureCheck::OtherKey;
        }
        let code = BASE64_URL_SAFE_NO_PAD.decode(code);
        let is_valid = code.is_ok_and(|code| self.code(message).verify_slice(&code).is_ok());
        if is_valid && name == self.name {
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
    use super::*;
    use crate::system::SystemEntropy;

    fn signer(secret: &str, purpose: &str) -> HmacSigner {
        HmacSigner::new(&Secret::new(secret.to_owned()), purpose, Arc::new(SystemEntropy))
    }

    #[test]
    fn a_signature_is_of_one_message() {
        let signer = signer("a secret", "audit");
        let signature = signer.sign(b"message");
        assert_eq!(signer.check(b"message", &signature), SignatureCheck::Valid);
        assert_eq!(signer.check(b"massage", &signature), SignatureCheck::Invalid);
        assert_eq!(signer.sign(b"message"), signature);
        let (name, code) = signature.split_once('.').unwrap();
        for wrong in [
            "",
            ".",
            code,
            name,
            &format!("{name}."),
            &format!(".{code}"),
            &format!("{name}.{code}="),
            &format!("{name}.{}", &code[1..]),
            &format!("{}.{code}", &name[1..]),
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
        let signature = signer("a secret", "audit").sign(b"message");
        for other in [signer("another secret", "audit"), signer("a secret", "tokens")] {
            assert_eq!(other.check(b"message", &signature), SignatureCheck::OtherKey);
        }
    }

    #[test]
    fn no_two_salts_are_alike() {
        let signer = signer("a secret", "audit");
        assert_ne!(signer.salt(), signer.salt());
        assert_eq!(signer.salt().len(), 22);
    }

    /// With another key, every event would count as altered. The signature was made with Python's `hmac`.
    #[test]
    fn the_key_stays_the_same_from_release_to_release() {
        let signer = signer("a secret of at least 32 characters", "audit");
        assert_eq!(
            signer.sign(b"event"),
            "7e6141c2.70TP4ECeobQM_EpQZhEIqYaQjO2Vd5NrNOXPwvGFbBw"
        );
    }
}
