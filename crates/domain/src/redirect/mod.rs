//! Which origins are trusted, and where a browser may be sent.
//!
//! Origins are compared parsed, never as text (CS-1). A redirect target is checked once, and the text that
//! was checked is the text that is sent (CS-7).

mod credentials;
mod encode;
mod origin;
mod pattern;
mod shared_suffix;
mod target;
mod trusted;

pub use credentials::without_credentials;
pub use encode::encode_uri_component;
pub use origin::{InvalidOrigin, Origin};
pub use pattern::{InvalidPattern, OriginPattern};
pub use target::{RedirectTarget, UntrustedRedirect};
pub use trusted::TrustedOrigins;
