//! The domain of Doorward: entities, value objects, policies and ports.
//!
//! Nothing here performs I/O or uses HTTP, SQL or a serialisation format. A feature (`user`, `access`, `account`, `audit`,
//! `device`, `password`, `session`, `verification`, `email`, …) is a module here, and a module of the same name in the other crates.
//! Ports are traits: [`Store`], [`PasswordHasher`](password::PasswordHasher), [`Mailer`](email::Mailer), [`Clock`],
//! [`Entropy`], …

pub mod access;
pub mod account;
pub mod audit;
pub mod device;
pub mod email;
pub mod fields;
pub mod metrics;
pub mod password;
pub mod rate_limit;
pub mod redirect;
pub mod session;
pub mod user;
pub mod verification;

mod causes;
mod clock;
mod digest;
mod entropy;
mod id;
mod keyring;
mod locked;
mod moment;
mod outcome;
mod request;
mod secret;
mod signer;
mod store;
mod store_error;
mod text;

pub use causes::ErrorChain;
pub use clock::{CLOCK_SKEW, Clock};
pub use digest::TokenDigest;
pub use entropy::{Alphabet, Entropy, random_text};
pub use id::{AccountId, SessionId, UserId, mint_id};
pub use keyring::{InvalidKeyring, Key, KeyId, Keyring, redacted_key};
pub use locked::Locked;
pub use moment::{moment_of_millis, parse_moment};
pub use outcome::{Changed, Inserted, Removed};
pub use request::{Actor, Client, NotSignedIn, RequestContext, RequestFacts, RequestId};
pub use secret::{SealError, Sealer, Secret};
pub use signer::{SignatureCheck, Signer};
pub use store::{ForwardRepositories, Repositories, Store, Transaction};
pub use store_error::{BoxError, Constraint, Inconsistent, StoreError};
pub use text::{InvalidText, has_control_characters, has_control_characters_in_lines};

#[cfg(any(test, feature = "mocks"))]
pub use clock::MockClock;
#[cfg(any(test, feature = "mocks"))]
pub use entropy::MockEntropy;
#[cfg(any(test, feature = "mocks"))]
pub use secret::MockSealer;
#[cfg(any(test, feature = "mocks"))]
pub use signer::MockSigner;
