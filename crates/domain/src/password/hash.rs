use crate::Secret;

/// A hashed password as it is stored: a PHC string (`$argon2id$…`), Better Auth's `salt:key`, or bcrypt.
///
/// Not a password, yet worth guessing at, so it is as hard to print as one.
#[derive(Clone, Debug)]
pub struct PasswordHash(Secret<String>);

impl PasswordHash {
    /// A hash just computed or read from the database.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// The hash as it is stored.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
