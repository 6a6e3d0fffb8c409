use ::scrypt::{Params, scrypt};
use doorward_domain::Entropy;
use subtle::ConstantTimeEq;

use super::HashingError;

const SALT: usize = 16;
const KEY: usize = 64;
const LOG_N: u8 = 14;
const R: u32 = 16;
const P: u32 = 1;

/// Better Auth's hash: salt and scrypt key in hexadecimal digits with a colon between. The digits of the salt, as text,
/// are what scrypt gets.
pub(super) struct ScryptHash {
    salt: String,
    key: [u8; KEY],
}

impl ScryptHash {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (salt, key) = text.split_once(':')?;
        let plausible = (1..=128).contains(&salt.len()) && salt.bytes().all(|byte| byte.is_ascii_hexdigit());
        let key = hex::decode(key).ok()?.try_into().ok()?;
        plausible.then(|| Self {
            salt: salt.to_owned(),
            key,
        })
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashingError> {
        Ok(bool::from(derive(password, &self.salt)?[..].ct_eq(&self.key[..])))
    }
}

/// A new hash.
pub(super) fn hash(password: &[u8], entropy: &dyn Entropy) -> Result<String, HashingError> {
    let salt = new_salt(entropy);
    let key = derive(password, &salt)?;
    Ok(format!("{salt}:{}", hex::encode(key)))
}

/// A dummy hash that no password matches, at the cost of a new hash (EN-3).
pub(super) fn dummy_hash(entropy: &dyn Entropy) -> String {
    let mut key = [0; KEY];
    entropy.fill(&mut key);
    format!("{}:{}", new_salt(entropy), hex::encode(key))
}

fn new_salt(entropy: &dyn Entropy) -> String {
    let mut salt = [0; SALT];
    entropy.fill(&mut salt);
    hex::encode(salt)
}

fn derive(password: &[u8], salt: &str) -> Result<[u8; KEY], HashingError> {
    let mut key = [0; KEY];
    scrypt(password, salt.as_bytes(), &Params::new(LOG_N, R, P)?, &mut key)?;
    Ok(key)
}
