//! The server's secrets: one that signs and seals, and others that verify and open until they are removed (KR-2).

use std::fmt;

use crate::Secret;

/// The number of a key, which the operator chose. It says nothing about which key is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

impl KeyId {
    /// The id of a secret that has none.
    pub const FIRST: Self = Self(1);

    /// The key of this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The id of a key that is made after this one; none if there is no greater number.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The id that this text is: digits, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_plain).map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A secret and its id.
#[derive(Clone, Debug)]
pub struct Key {
    /// What tells it from the others.
    pub id: KeyId,
    /// The secret.
    pub secret: Secret<String>,
}

/// Why secrets cannot be used together. Does not repeat them (SK-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyring {
    /// There is none.
    #[error("there is no secret in it")]
    Empty,
    /// An entry has no colon, or what precedes it is no number. Counts from one.
    #[error("entry {0} is not an id and a secret, written as `ID:SECRET` with a whole number as the id")]
    Form(usize),
    /// Nothing follows the colon.
    #[error("the secret with the id {0} is empty")]
    NoSecret(KeyId),
    /// Two secrets have the same id.
    #[error("two secrets have the id {0}")]
    SameId(KeyId),
    /// One secret has two ids.
    #[error("the secrets with the ids {0} and {1} are the same")]
    SameSecret(KeyId, KeyId),
}

/// The server's secrets. The first is current: it signs and seals. All of them verify and open.
#[derive(Clone, Debug)]
pub struct Keyring {
    current: Key,
    others: Vec<Key>,
}

impl Keyring {
    /// A secret alone.
    #[must_use]
    pub const fn single(secret: Secret<String>) -> Self {
        Self {
            current: Key {
                id: KeyId::FIRST,
                secret,
            },
            others: Vec::new(),
        }
    }

    /// Keys with different ids and different secrets, the current one first.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Result<Self, InvalidKeyring> {
        let mut known: Vec<Key> = Vec::new();
        for key in keys {
            if key.secret.expose().is_empty() {
                return Err(InvalidKeyring::NoSecret(key.id));
            }
            for other in &known {
                if other.id == key.id {
                    return Err(InvalidKeyring::SameId(key.id));
                }
                if other.secret.expose() == key.secret.expose() {
                    return Err(InvalidKeyring::SameSecret(other.id, key.id));
                }
            }
            known.push(key);
        }
        let mut keys = known.into_iter();
        let current = keys.next().ok_or(InvalidKeyring::Empty)?;
        Ok(Self {
            current,
            others: keys.collect(),
        })
    }

    /// Keys that are written as `ID:SECRET`, the current one first. Only the first colon of an entry parts.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a Secret<String>>) -> Result<Self, InvalidKeyring> {
        let keys = (1..).zip(entries).map(|(place, entry)| {
            let (id, secret) = parts(entry.expose()).ok_or(InvalidKeyring::Form(place))?;
            let secret = Secret::new(secret.to_owned());
            Ok(Key { id, secret })
        });
        Self::new(keys.collect::<Result<Vec<_>, _>>()?)
    }

    /// The key that signs and seals.
    #[must_use]
    pub const fn current(&self) -> &Key {
        &self.current
    }

    /// The keys that only verify and open.
    #[must_use]
    pub fn others(&self) -> &[Key] {
        &self.others
    }

    /// All keys, the current one first.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.others)
    }

    /// The key with the least id. What carries no id of a key was made when there was no other.
    #[must_use]
    pub fn oldest(&self) -> &Key {
        self.others.iter().fold(
            &self.current,
            |oldest, key| if key.id < oldest.id { key } else { oldest },
        )
    }
}

/// The id and the secret of an entry `ID:SECRET`.
fn parts(entry: &str) -> Option<(KeyId, &str)> {
    let (id, secret) = entry.trim().split_once(':')?;
    Some((KeyId::parse(id.trim())?, secret.trim()))
}

/// An entry `ID:SECRET` as it may be shown: the id alone.
#[must_use]
pub fn redacted_key(entry: &Secret<String>) -> String {
    match parts(entry.expose()) {
        Some((id, _)) => format!("{id}:[redacted]"),
        None => "[redacted]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entries: &[&str]) -> Result<Keyring, InvalidKeyring> {
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| Secret::new((*entry).to_owned()))
            .collect();
        Keyring::parse(&entries)
    }

    #[test]
    fn kr_2_the_first_key_is_current_whatever_its_number() {
        for (entries, current, oldest) in [
            (["2:new", "1:old"], ("2", "new"), "1"),
            (["1:old", "2:new"], ("1", "old"), "1"),
            ([" 7 : a:b ", "0:c"], ("7", "a:b"), "0"),
        ] {
            let keys = parse(&entries).unwrap();
            let found = keys.current();
            assert_eq!((&*found.id.to_string(), &**found.secret.expose()), current);
            assert_eq!(keys.oldest().id.to_string(), oldest);
            assert_eq!((keys.keys().count(), keys.others().len()), (2, 1));
        }
        let single = Keyring::single(Secret::new("alone".to_owned()));
        assert_eq!(single.current().id, KeyId::FIRST);
        assert_eq!(single.oldest().id, KeyId::FIRST);
        assert_eq!(single.keys().count(), 1);
    }

    #[test]
    fn kr_2_what_cannot_be_a_keyring_is_refused_without_showing_it() {
        let (one, two) = (KeyId::new(1), KeyId::new(2));
        for (entries, problem) in [
            (&[][..], InvalidKeyring::Empty),
            (&["hunter2"], InvalidKeyring::Form(1)),
            (&["1:hunter2", "b:hunter3"], InvalidKeyring::Form(2)),
            (&["-1:hunter2"], InvalidKeyring::Form(1)),
            (&["+1:hunter2"], InvalidKeyring::Form(1)),
            (&[":hunter2"], InvalidKeyring::Form(1)),
            (&["4294967296:hunter2"], InvalidKeyring::Form(1)),
            (&["1:hunter2", ""], InvalidKeyring::Form(2)),
            (&["2: ", "1:hunter2"], InvalidKeyring::NoSecret(two)),
            (&["1:hunter2", "1:hunter3"], InvalidKeyring::SameId(one)),
            (&["1:hunter2", "2:hunter2"], InvalidKeyring::SameSecret(one, two)),
        ] {
            let refused = parse(entries).unwrap_err();
            assert_eq!(refused, problem, "{entries:?}");
            assert!(!refused.to_string().contains("hunter"), "SK-1: {refused}");
        }
    }

    #[test]
    fn sk_2_of_a_keyring_only_the_ids_are_shown() {
        let keys = parse(&["2:hunter2", "1:hunter3"]).unwrap();
        assert!(!format!("{keys:?}").contains("hunter"), "{keys:?}");
        for (entry, shown) in [
            ("2:hunter2", "2:[redacted]"),
            ("hunter2", "[redacted]"),
            ("hunter:2", "[redacted]"),
        ] {
            assert_eq!(redacted_key(&Secret::new(entry.to_owned())), shown);
        }
    }

    #[test]
    fn a_key_made_later_has_a_greater_number() {
        assert_eq!(KeyId::FIRST.next(), Some(KeyId::new(2)));
        assert_eq!(KeyId::new(u32::MAX).next(), None);
    }
}
