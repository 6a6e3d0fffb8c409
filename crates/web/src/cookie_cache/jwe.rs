use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use doorward_domain::{Entropy, Keyring, Secret};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha512};

use super::{Opened, javascript, opened_jwt};

const SALT: &[u8] = b"better-auth-session";
const INFO: &[u8] = b"BetterAuth.js Generated Encryption Key";
const ALGORITHM: &str = "dir";
const ENCRYPTION: &str = "A256CBC-HS512";
const HALF: usize = 32;

/// A JWT encrypted with a key made of the secret: `dir` and A256CBC-HS512 (RFC 7518, 4.5 and 5.2.5), nothing
/// else. Its `kid` says which key opens it; without one it is the current key.
pub(super) struct Jwe {
    current: EncryptionKey,
    others: Vec<EncryptionKey>,
    /// The protected header, which never changes, as it stands in the token.
    header: String,
}

struct EncryptionKey {
    mac: Hmac<Sha512>,
    cipher_key: Secret<[u8; HALF]>,
    id: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    kid: Option<String>,
    /// Extensions one has to understand, and compression. We know none.
    crit: Option<Value>,
    zip: Option<Value>,
}

impl EncryptionKey {
    #[expect(
        clippy::expect_used,
        reason = "HKDF-SHA-256 gives up to 8160 bytes (RFC 5869), HMAC takes any key"
    )]
    fn of(secret: &Secret<String>) -> Self {
        let mut key = [0_u8; 2 * HALF];
        Hkdf::<Sha256>::new(Some(SALT), secret.expose().as_bytes())
            .expand(INFO, &mut key)
            .expect("64 bytes");
        let (mac_key, cipher_half) = key.split_at(HALF);
        let mut cipher_key = [0_u8; HALF];
        cipher_key.copy_from_slice(cipher_half);
        Self {
            mac: Hmac::new_from_slice(mac_key).expect("a key of any length"),
            cipher_key: Secret::new(cipher_key),
            id: thumbprint(&key),
        }
    }

    fn mac_of(&self, header: &str, iv: &[u8], ciphertext: &[u8]) -> Hmac<Sha512> {
        let header_bits = 8 * header.len() as u64;
        [header.as_bytes(), iv, ciphertext, &header_bits.to_be_bytes()]
            .into_iter()
            .fold(self.mac.clone(), Hmac::chain_update)
    }
}

impl Jwe {
    pub(super) fn new(keys: &Keyring) -> Self {
        let current = EncryptionKey::of(&keys.current().secret);
        let id = &current.id;
        let header = format!(r#"{{"alg":"{ALGORITHM}","enc":"{ENCRYPTION}","kid":"{id}"}}"#);
        Self {
            header: BASE64_URL_SAFE_NO_PAD.encode(header),
            others: keys
                .others()
                .iter()
                .map(|key| EncryptionKey::of(&key.secret))
                .collect(),
            current,
        }
    }

    pub(super) fn seal(&self, mut claims: Map<String, Value>, entropy: &dyn Entropy) -> String {
        claims.insert("jti".to_owned(), random_uuid(entropy).into());
        let mut iv = [0_u8; 16];
        entropy.fill(&mut iv);
        let text = javascript::stringify(&Value::Object(claims));
        let cipher = cbc::Encryptor::<Aes256>::new(self.current.cipher_key.expose().into(), &iv.into());
        let ciphertext = cipher.encrypt_padded_vec::<Pkcs7>(text.as_bytes());
        let tag = self
            .current
            .mac_of(&self.header, &iv, &ciphertext)
            .finalize()
            .into_bytes();
        let [iv, ciphertext, tag] =
            [&iv[..], &ciphertext, &tag[..HALF]].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        // The second part is empty: with `dir` there is no key to wrap.
        [&self.header, "", &iv, &ciphertext, &tag].join(".")
    }

    pub(super) fn open(&self, cookie: &str) -> Option<Opened> {
        let parts: Vec<&str> = cookie.split('.').collect();
        let [header, "", iv, ciphertext, tag] = parts[..] else {
            return None;
        };
        let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        let key = self.key_of(&serde_json::from_slice(&decoded(header)?).ok()?)?;
        let iv: [u8; 16] = decoded(iv)?.try_into().ok()?;
        let (ciphertext, tag) = (decoded(ciphertext)?, decoded(tag)?);
        if tag.len() != HALF {
            return None;
        }
        key.mac_of(header, &iv, &ciphertext)
            .verify_truncated_left(&tag)
            .ok()?;
        let cipher = cbc::Decryptor::<Aes256>::new(key.cipher_key.expose().into(), &iv.into());
        let text = cipher.decrypt_padded_vec::<Pkcs7>(&ciphertext).ok()?;
        opened_jwt(serde_json::from_slice(&text).ok()?)
    }

    /// The key that opens a token with this header, if we know key and algorithms.
    fn key_of(&self, header: &Header) -> Option<&EncryptionKey> {
        let is_ours = header.alg == ALGORITHM
            && header.enc == ENCRYPTION
            && header.crit.is_none()
            && header.zip.is_none();
        let mut keys = std::iter::once(&self.current).chain(&self.others);
        keys.find(|key| header.kid.as_ref().is_none_or(|kid| *kid == key.id))
            .filter(|_| is_ours)
    }
}

/// RFC 7638, of the key as an `oct` JWK.
fn thumbprint(key: &[u8]) -> String {
    let jwk = format!(r#"{{"k":"{}","kty":"oct"}}"#, BASE64_URL_SAFE_NO_PAD.encode(key));
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
}

/// A UUID of version 4, in text.
fn random_uuid(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let number = u128::from_be_bytes(bytes);
    let hex = format!("{number:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
