use std::fmt;

use argon2::KeyId;
use doorward_domain::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A key that is mixed into passwords before they are hashed, so that who has the database alone cannot even guess
/// (PW-11). It is kept where the database is not: in the configuration.
#[derive(Clone)]
pub struct Pepper {
    id: KeyId,
    key: Secret<String>,
}

/// What is wrong with a pepper. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPepper {
    /// There is no colon in it.
    #[error("a pepper is written as `id:key`")]
    Form,
    /// The name cannot stand in a hash.
    #[error("the id of a pepper has 1 to 8 letters and digits")]
    Id,
    /// The key could be guessed.
    #[error("the key of a pepper has at least 32 bytes")]
    Key,
    /// Two have the same name.
    #[error("two peppers have the same id")]
    Twice,
}

impl Pepper {
    const LEAST_BYTES: usize = 32;

    /// A pepper written as `id:key`. The id stands in every hash that is made with it.
    pub fn parse(text: &Secret<String>) -> Result<Self, InvalidPepper> {
        let (id, key) = text.expose().split_once(':').ok_or(InvalidPepper::Form)?;
        let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let id = KeyId::new(id.as_bytes())
            .ok()
            .filter(|_| is_plain)
            .ok_or(InvalidPepper::Id)?;
        if key.len() < Self::LEAST_BYTES {
            return Err(InvalidPepper::Key);
        }
        Ok(Self {
            id,
            key: Secret::new(key.to_owned()),
        })
    }

    /// HMAC-SHA-256 of the password.
    fn apply(&self, password: &[u8]) -> Secret<Vec<u8>> {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()) else {
            unreachable!("HMAC takes a key of any length");
        };
        Secret::new(mac.chain_update(password).finalize().into_bytes().to_vec())
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pepper")
            .field(&String::from_utf8_lossy(self.id.as_bytes()))
            .finish()
    }
}

/// The peppers in use: the first for new hashes, all for those there are.
#[derive(Clone, Debug, Default)]
pub struct Peppers(Vec<Pepper>);

impl Peppers {
    /// Peppers of different ids, the present one first.
    pub fn new(peppers: Vec<Pepper>) -> Result<Self, InvalidPepper> {
        let is_twice = |(index, pepper): (usize, &Pepper)| {
            peppers[..index]
                .iter()
                .any(|other| other.id.as_bytes() == pepper.id.as_bytes())
        };
        if peppers.iter().enumerate().any(is_twice) {
            return Err(InvalidPepper::Twice);
        }
        Ok(Self(peppers))
    }

    /// The name that stands in new hashes; empty without a pepper.
    pub(super) fn current(&self) -> KeyId {
        self.0.first().map_or(KeyId::EMPTY, |pepper| pepper.id)
    }

    /// The password as it is hashed with the pepper of this name; none if that pepper is not configured any more.
    pub(super) fn apply_pepper(&self, id: &[u8], password: &[u8]) -> Option<Secret<Vec<u8>>> {
        if id.is_empty() {
            return Some(Secret::new(password.to_vec()));
        }
        self.0
            .iter()
            .find(|pepper| pepper.id.as_bytes() == id)
            .map(|pepper| pepper.apply(password))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn parse(text: &str) -> Result<Pepper, InvalidPepper> {
        Pepper::parse(&Secret::new(text.to_owned()))
    }

    #[test]
    fn pw_11_a_pepper_has_a_name_and_a_long_key() {
        assert!(parse(&format!("2026:{KEY}")).is_ok());
        assert!(parse(&format!("2026:{KEY}:with:colons")).is_ok());
        assert_eq!(parse(KEY).unwrap_err(), InvalidPepper::Form);
        for id in ["", "nine-long", "a b", "ninechars"] {
            assert_eq!(
                parse(&format!("{id}:{KEY}")).unwrap_err(),
                InvalidPepper::Id,
                "{id}"
            );
        }
        assert_eq!(
            parse(&format!("2026:{}", &KEY[1..])).unwrap_err(),
            InvalidPepper::Key
        );
        let twice = vec![
            parse(&format!("a:{KEY}")).unwrap(),
            parse(&format!("a:{KEY}x")).unwrap(),
        ];
        assert_eq!(Peppers::new(twice).unwrap_err(), InvalidPepper::Twice);
        assert!(
            !format!("{:?}", parse(&format!("2026:{KEY}")).unwrap()).contains(KEY),
            "SK-2"
        );
    }

    #[test]
    fn pw_11_the_mac_is_hmac_sha_256() {
        // `printf password | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef`
        let peppers = Peppers::new(vec![parse(&format!("a:{KEY}")).unwrap()]).unwrap();
        let peppered = peppers.apply_pepper(b"a", b"password").unwrap();
        assert_eq!(
            hex::encode(peppered.expose()),
            "1737f81a915fff72081bd4f96fbf3b627c916281b017406a3088b28bced96e2f"
        );
        assert_eq!(
            peppers.apply_pepper(b"", b"password").unwrap().expose(),
            b"password"
        );
        assert!(peppers.apply_pepper(b"b", b"password").is_none());
    }
}
