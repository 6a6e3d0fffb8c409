use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret value: it cannot be printed, compared or serialised, and is zeroed when dropped (SK-2).
/// [`expose`](Self::expose) is the only access.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value in plaintext.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Authenticated encryption of data at rest that has to be read again, such as the emails in the outbox, which contain
/// links with tokens (TK-2).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Encrypts. The result is text, differs from call to call, and only [`open`](Self::open) reads it.
    fn seal(&self, plain: &[u8]) -> String;

    /// Decrypts what [`seal`](Self::seal) made; anything else is an error.
    fn open(&self, sealed: &str) -> Result<Secret<Vec<u8>>, SealError>;
}

/// The sealed text was altered or sealed with another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value cannot be opened with this key")]
pub struct SealError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sk_2_secrets_print_as_redacted() {
        let secret = Secret::new(String::from("hunter2"));
        assert_eq!(format!("{secret} {secret:?}"), "[redacted] [redacted]");
    }
}
