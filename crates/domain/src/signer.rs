use std::fmt;
use std::sync::Arc;

/// Authenticates facts that the server writes and has to recognise as its own later, such as audit events, and makes the salts
/// that hide what is personal in them.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Signer: Send + Sync {
    /// Signs a message. Nobody without the key can make a signature.
    fn sign(&self, message: &[u8]) -> String;

    /// Whether a signature is of this message.
    fn check(&self, message: &[u8], signature: &str) -> SignatureCheck;

    /// A new random text, which cannot be guessed.
    fn salt(&self) -> String;
}

/// What a signature turned out to be.
#[must_use = "the signature may be wrong"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// It is of this message.
    Valid,
    /// It is not.
    Invalid,
    /// It was made with another key, so that nothing can be said of it.
    OtherKey,
}

/// Who signs what a request does, if anybody does.
#[derive(Clone, Default)]
pub(crate) struct RequestSigner(pub(crate) Option<Arc<dyn Signer>>);

impl fmt::Debug for RequestSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "signed" } else { "unsigned" })
    }
}
