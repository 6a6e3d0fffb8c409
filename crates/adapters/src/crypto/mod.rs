//! Values that leave the process and must come back unread or unaltered.

mod email_tokens;
mod fingerprint;
mod sealer;
mod signer;

pub use email_tokens::JwtEmailTokens;
pub use fingerprint::KeyFingerprint;
pub use sealer::AeadSealer;
pub use signer::HmacSigner;
