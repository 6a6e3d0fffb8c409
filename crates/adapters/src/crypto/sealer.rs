use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use doorward_domain::{Entropy, SealError, Sealer, Secret};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroize;

const VERSION: &str = "v1.";
const NONCE: usize = 24;

/// Seals with XChaCha20-Poly1305 under a key that HKDF-SHA-256 derives from the server's secret, one for each purpose:
/// what was sealed for one purpose cannot be opened for another.
///
/// The sealed form is `v1.` and the base64url of nonce and ciphertext.
pub struct AeadSealer {
    cipher: XChaCha20Poly1305,
    entropy: Arc<dyn Entropy>,
}

impl AeadSealer {
    /// A sealer for this purpose.
    #[must_use]
    pub fn new(secret: &Secret<String>, purpose: &str, entropy: Arc<dyn Entropy>) -> Self {
        let mut key = [0_u8; 32];
        if Hkdf::<Sha256>::new(None, secret.expose().as_bytes())
            .expand(purpose.as_bytes(), &mut key)
            .is_err()
        {
            unreachable!("HKDF-SHA-256 expands to 32 bytes");
        }
        let cipher = XChaCha20Poly1305::new(&key.into());
        key.zeroize();
        Self { cipher, entropy }
    }
}

impl fmt::Debug for AeadSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AeadSealer").finish_non_exhaustive()
    }
}

impl Sealer for AeadSealer {
    fn seal(&self, plain: &[u8]) -> String {
        let mut nonce = [0_u8; NONCE];
        self.entropy.fill(&mut nonce);
        let Ok(ciphertext) = self.cipher.encrypt(&XNonce::from(nonce), plain) else {
            unreachable!("only more than 256 GiB cannot be encrypted");
        };
        let encoded = BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &ciphertext].concat());
        format!("{VERSION}{encoded}")
    }

    fn open(&self, sealed: &str) -> Result<Secret<Vec<u8>>, SealError> {
        let encoded = sealed.strip_prefix(VERSION).ok_or(SealError)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| SealError)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>().ok_or(SealError)?;
        let plain = self
            .cipher
            .decrypt(&XNonce::from(*nonce), ciphertext)
            .map_err(|_| SealError)?;
        Ok(Secret::new(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    fn sealer(secret: &str, purpose: &str) -> AeadSealer {
        AeadSealer::new(&Secret::new(secret.to_owned()), purpose, Arc::new(SystemEntropy))
    }

    #[test]
    fn tk_2_what_was_sealed_is_unreadable_until_opened() {
        let outbox = sealer("a secret", "outbox");
        let sealed = outbox.seal(b"https://example.test/?token=abc");
        assert!(sealed.starts_with("v1."));
        assert!(!sealed.contains("token"));
        assert_eq!(
            outbox.open(&sealed).unwrap().expose(),
            b"https://example.test/?token=abc"
        );
        assert_eq!(outbox.open(&outbox.seal(b"")).unwrap().expose(), b"");
    }

    #[test]
    fn the_same_plain_text_never_looks_the_same() {
        let outbox = sealer("a secret", "outbox");
        assert_ne!(outbox.seal(b"letter"), outbox.seal(b"letter"));
    }

    #[test]
    fn other_secrets_and_other_purposes_open_nothing() {
        let sealed = sealer("a secret", "outbox").seal(b"letter");
        assert_eq!(
            sealer("another secret", "outbox").open(&sealed).unwrap_err(),
            SealError
        );
        assert_eq!(sealer("a secret", "totp").open(&sealed).unwrap_err(), SealError);
    }

    #[test]
    fn every_altered_character_is_noticed() {
        let outbox = sealer("a secret", "outbox");
        let sealed = outbox.seal(b"letter");
        for position in 0..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
            assert!(
                outbox.open(&String::from_utf8(altered).unwrap()).is_err(),
                "{position}"
            );
        }
        for text in [
            "",
            "v1.",
            "v1.AAAA",
            "v2.AAAA",
            &sealed[..sealed.len() - 1],
            &format!("{sealed}="),
        ] {
            assert!(outbox.open(text).is_err(), "{text}");
        }
    }

    /// The key was made with Node's `hkdfSync`. With another derivation every letter in the outbox would be lost.
    #[test]
    fn the_key_stays_the_same_from_release_to_release() {
        let key = hex::decode("38a4033197af00c90f7b0f72b745275b5c4d89753f023af43275cde408fbb908").unwrap();
        let key: [u8; 32] = key.try_into().unwrap();
        let ciphertext = XChaCha20Poly1305::new(&key.into())
            .encrypt(&XNonce::from([7; NONCE]), &b"letter"[..])
            .unwrap();
        let sealed = format!(
            "v1.{}",
            BASE64_URL_SAFE_NO_PAD.encode([&[7; NONCE][..], &ciphertext].concat())
        );
        let outbox = sealer("a secret of at least 32 characters", "outbox");
        assert_eq!(outbox.open(&sealed).unwrap().expose(), b"letter");
    }
}
