//! Values that leave the process and must come back unread or unaltered.

mod email_tokens;
mod fingerprint;
mod sealer;

pub use email_tokens::JwtEmailTokens;
pub use fingerprint::KeyFingerprint;
pub use sealer::AeadSealer;
