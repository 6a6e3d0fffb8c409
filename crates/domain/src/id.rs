use std::fmt;

use chrono::{DateTime, Utc};

use crate::entropy::{Alphabet, Entropy, random_text};

const LENGTH: usize = 32;
const HEAD: usize = 8;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new identifier: 32 letters and digits whose first eight are the time in milliseconds, so that rows
/// made together lie together in an index. The other 24 carry 142 random bits.
pub fn mint_id(now: DateTime<Utc>, entropy: &dyn Entropy) -> String {
    let mut head = [b'0'; HEAD];
    let mut rest = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    for place in head.iter_mut().rev() {
        let digit = usize::try_from(rest % 62).unwrap_or_default();
        *place = DIGITS[digit];
        rest /= 62;
    }
    let mut id: String = head.iter().map(|&byte| char::from(byte)).collect();
    id.push_str(&random_text(entropy, Alphabet::Alphanumeric, LENGTH - HEAD));
    id
}

macro_rules! opaque_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        ///
        /// Opaque text: ids made here are 32 letters and digits, imported ones keep whatever form they have.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// A new, unique id.
            pub fn mint(now: DateTime<Utc>, entropy: &dyn Entropy) -> Self {
                Self(mint_id(now, entropy))
            }

            /// An id that already exists somewhere, such as in the database.
            pub fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

opaque_id! {
    /// Names a [`User`](crate::user::User).
    UserId
}
opaque_id! {
    /// Names an [`Account`](crate::account::Account).
    AccountId
}
opaque_id! {
    /// Names a [`Session`](crate::session::Session). It is no credential: it ends a session, but opens none.
    SessionId
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::MockEntropy;

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let mut entropy = MockEntropy::new();
        entropy.expect_fill().returning(|buffer| buffer.fill(7));
        let at = |millis| mint_id(DateTime::from_timestamp_millis(millis).unwrap(), &entropy);
        let ids = [
            at(0),
            at(61),
            at(62),
            at(1_700_000_000_000),
            at(1_700_000_000_001),
        ];
        assert!(ids.is_sorted());
        assert!(
            ids.iter()
                .all(|id| id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        );
    }
}
