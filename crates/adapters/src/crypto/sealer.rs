use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use doorward_domain::{Entropy, Key, Keyring, SealError, Sealer, Secret};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroize;

use super::KeyFingerprint;

/// What begins a text that names its key, and one of earlier versions, which does not.
const VERSION: &str = "v2.";
const VERSION_WITHOUT_KEY: &str = "v1.";
const NONCE: usize = 24;

/// Seals with XChaCha20-Poly1305 under a key that HKDF-SHA-256 derives from a secret of the server, one for each purpose:
/// what was sealed for one purpose cannot be opened for another.
///
/// The sealed form is `v2.`, the [`KeyFingerprint`] of the secret, a dot, and the base64url of nonce and ciphertext. The current
/// secret seals; the fingerprint says which one opens. `v1.` has no fingerprint: the oldest secret opens it.
pub struct AeadSealer {
    current: SealingKey,
    others: Vec<SealingKey>,
    oldest: SealingKey,
    entropy: Arc<dyn Entropy>,
}

#[derive(Clone)]
struct SealingKey {
    fingerprint: KeyFingerprint,
    cipher: XChaCha20Poly1305,
}

impl SealingKey {
    fn of(key: &Key, purpose: &str) -> Self {
        let mut derived = [0_u8; 32];
        if Hkdf::<Sha256>::new(None, key.secret.expose().as_bytes())
            .expand(purpose.as_bytes(), &mut derived)
            .is_err()
        {
            unreachable!("HKDF-SHA-256 expands to 32 bytes");
        }
        let cipher = XChaCha20Poly1305::new(&derived.into());
        derived.zeroize();
        Self {
            fingerprint: KeyFingerprint::of(&key.secret),
            cipher,
        }
    }
}

impl AeadSealer {
    /// A sealer for this purpose.
    #[must_use]
    pub fn new(keys: &Keyring, purpose: &str, entropy: Arc<dyn Entropy>) -> Self {
        let of = |key: &Key| SealingKey::of(key, purpose);
        Self {
            current: of(keys.current()),
            others: keys.others().iter().map(of).collect(),
            oldest: of(keys.oldest()),
            entropy,
        }
    }

    /// The key that opens this text, and what it seals.
    fn key_of<'a>(&self, sealed: &'a str) -> Option<(&SealingKey, &'a str)> {
        let Some(named) = sealed.strip_prefix(VERSION) else {
            return Some((&self.oldest, sealed.strip_prefix(VERSION_WITHOUT_KEY)?));
        };
        let (fingerprint, encoded) = named.split_once('.')?;
        let mut keys = std::iter::once(&self.current).chain(&self.others);
        let key = keys.find(|key| key.fingerprint.as_str() == fingerprint)?;
        Some((key, encoded))
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
        let SealingKey { fingerprint, cipher } = &self.current;
        let Ok(ciphertext) = cipher.encrypt(&XNonce::from(nonce), plain) else {
            unreachable!("only more than 256 GiB cannot be encrypted");
        };
        let encoded = BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &ciphertext].concat());
        format!("{VERSION}{fingerprint}.{encoded}")
    }

    fn open(&self, sealed: &str) -> Result<Secret<Vec<u8>>, SealError> {
        let (key, encoded) = self.key_of(sealed).ok_or(SealError)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| SealError)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>().ok_or(SealError)?;
        let plain = key
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
        let keys = Keyring::single(Secret::new(secret.to_owned()));
        AeadSealer::new(&keys, purpose, Arc::new(SystemEntropy))
    }

    fn sealer_of(entries: &[&str]) -> AeadSealer {
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| Secret::new((*entry).to_owned()))
            .collect();
        AeadSealer::new(
            &Keyring::parse(&entries).unwrap(),
            "outbox",
            Arc::new(SystemEntropy),
        )
    }

    /// What an earlier version sealed, whose texts do not name their key.
    fn sealed_without_key(sealer: &AeadSealer, plain: &[u8]) -> String {
        let nonce = [7; NONCE];
        let ciphertext = sealer.current.cipher.encrypt(&XNonce::from(nonce), plain);
        let encoded = BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &ciphertext.unwrap()].concat());
        format!("{VERSION_WITHOUT_KEY}{encoded}")
    }

    #[test]
    fn kr_2_the_key_travels_with_what_it_sealed() {
        let alone = sealer("old", "outbox");
        let prepared = sealer_of(&["1:old", "2:new"]);
        let rotated = sealer_of(&["2:new", "1:old"]);
        let removed = sealer_of(&["2:new"]);
        for writer in [&alone, &prepared] {
            let sealed = writer.seal(b"letter");
            for reader in [&alone, &prepared, &rotated, &sealer_of(&["8:new", "9:old"])] {
                assert_eq!(reader.open(&sealed).unwrap().expose(), b"letter");
            }
            assert_eq!(removed.open(&sealed).unwrap_err(), SealError);
        }
        for writer in [&rotated, &removed] {
            let sealed = writer.seal(b"letter");
            for reader in [&prepared, &rotated, &removed] {
                assert_eq!(reader.open(&sealed).unwrap().expose(), b"letter");
            }
            assert_eq!(alone.open(&sealed).unwrap_err(), SealError);
        }
    }

    #[test]
    fn kr_2_a_text_without_a_key_is_opened_by_the_oldest_and_no_other() {
        let sealed = sealed_without_key(&sealer("old", "outbox"), b"letter");
        for reader in [
            sealer("old", "outbox"),
            sealer_of(&["1:old", "2:new"]),
            sealer_of(&["2:new", "1:old"]),
        ] {
            assert_eq!(reader.open(&sealed).unwrap().expose(), b"letter");
        }
        assert_eq!(
            sealer_of(&["1:new", "2:old"]).open(&sealed).unwrap_err(),
            SealError
        );
    }

    #[test]
    fn kr_2_no_key_is_tried_that_the_text_does_not_name() {
        let rotated = sealer_of(&["2:new", "1:old"]);
        let sealed = rotated.seal(b"letter");
        let old = KeyFingerprint::of(&Secret::new("old".to_owned()));
        let new = KeyFingerprint::of(&Secret::new("new".to_owned()));
        let renamed = sealed.replace(new.as_str(), old.as_str());
        assert_ne!(renamed, sealed);
        assert_eq!(rotated.open(&renamed).unwrap_err(), SealError);
    }

    #[test]
    fn tk_2_what_was_sealed_is_unreadable_until_opened() {
        let outbox = sealer("a secret", "outbox");
        let sealed = outbox.seal(b"https://example.test/?token=abc");
        assert!(sealed.starts_with("v2."));
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
            "v2.",
            "v2.AAAA",
            "v2..AAAA",
            "v3.AAAA",
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
