use crate::Secret;

/// A hashed password as it is stored: a PHC string (`$argon2id$…`), Better Auth's `salt:key`, or bcrypt.
///
/// It is kept secret like a password, because an attacker can guess passwords against it.
#[derive(Clone, Debug)]
pub struct PasswordHash(Secret<String>);

impl PasswordHash {
    /// A hash just computed or read from the database.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// Whether both are the same text. Not for comparing with a password: that is what a hasher is for.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }

    /// The hash as it is stored.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
