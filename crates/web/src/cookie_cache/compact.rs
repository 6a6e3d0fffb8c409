use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use doorward_domain::Keyring;
use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::{Opened, javascript};
use crate::cookies::hmac_sha256;

const HEAD: &str = r#"{"session":"#;
const EXPIRY: &str = r#","expiresAt":"#;
const SIGNATURE: &str = r#","signature":""#;
const TAIL: &str = r#""}"#;

/// base64url of `{"session": payload, "expiresAt": ms, "signature": s}`, where `s` signs the payload's JSON
/// with `expiresAt` appended as its last key.
///
/// Better Auth verifies by writing anew what it parsed, so ours must be the text that JavaScript would write.
/// The other way round the text in the cookie is that already: it is verified as it stands, and parsed only
/// then.
///
/// It names no key, so the signature is compared under each of them.
pub(super) struct Compact {
    current: Hmac<Sha256>,
    others: Vec<Hmac<Sha256>>,
}

impl Compact {
    pub(super) fn new(keys: &Keyring) -> Self {
        Self {
            current: hmac_sha256(&keys.current().secret),
            others: keys.others().iter().map(|key| hmac_sha256(&key.secret)).collect(),
        }
    }

    pub(super) fn seal(&self, claims: Map<String, Value>, expires_at_ms: i64) -> String {
        let payload = javascript::stringify(&Value::Object(claims));
        let open_payload = payload.strip_suffix('}').unwrap_or(&payload);
        let expires_at = expires_at_ms.to_string();
        let mac = mac_of(&self.current, open_payload, &expires_at);
        let signature = mac.finalize().into_bytes();
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        let text = [HEAD, &payload, EXPIRY, &expires_at, SIGNATURE, &signature, TAIL].concat();
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    pub(super) fn open(&self, cookie: &str) -> Option<Opened> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cookie).ok()?).ok()?;
        let (rest, signature) = text.strip_suffix(TAIL)?.rsplit_once(SIGNATURE)?;
        let (rest, expires_at) = rest.rsplit_once(EXPIRY)?;
        let payload = rest.strip_prefix(HEAD)?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Digits alone: with anything else in it, one signed text could be cut in two ways.
        let is_plain = expires_at.bytes().all(|byte| byte.is_ascii_digit());
        let expires_at_ms = expires_at.parse().ok().filter(|_| is_plain)?;
        let open_payload = payload.strip_suffix('}')?;
        let is_right = |key: &Hmac<Sha256>| {
            mac_of(key, open_payload, expires_at)
                .verify_slice(&signature)
                .is_ok()
        };
        if !std::iter::once(&self.current).chain(&self.others).any(is_right) {
            return None;
        }
        let claims = serde_json::from_str(payload).ok()?;
        Some(Opened {
            claims,
            expires_at_ms,
        })
    }
}

/// Over the payload, whose last brace is off, with the expiry as its last key.
fn mac_of(key: &Hmac<Sha256>, open_payload: &str, expires_at: &str) -> Hmac<Sha256> {
    [open_payload, EXPIRY, expires_at, "}"]
        .into_iter()
        .fold(key.clone(), Hmac::chain_update)
}
