//! The nouns and promises of Doorward: entities, value objects and ports.
//!
//! Nothing here performs I/O or knows HTTP, SQL or a serialisation format. Every room of the product
//! (`user`, `access`, `account`, `audit`, `password`, `session`, `verification`, `email`, …) is a module here and has a
//! module of the same name on the other floors. What the outside must provide is a trait: [`Store`],
//! [`PasswordHasher`](password::PasswordHasher), [`Mailer`](email::Mailer), [`Clock`], [`Entropy`], …

pub mod access;
pub mod account;
pub mod audit;
pub mod email;
pub mod fields;
pub mod password;
pub mod redirect;
pub mod session;
pub mod user;
pub mod verification;

mod causes;
mod clock;
mod digest;
mod entropy;
mod id;
mod locked;
mod moment;
mod outcome;
mod request;
mod secret;
mod store;
mod text;

pub use causes::ErrorChain;
pub use clock::Clock;
pub use digest::TokenDigest;
pub use entropy::{Alphabet, Entropy, random_text};
pub use id::{AccountId, SessionId, UserId, mint_id};
pub use locked::Locked;
pub use moment::{moment_of_millis, parse_moment};
pub use outcome::{Changed, Inserted, Removed};
pub use request::{Actor, Client, NotSignedIn, RequestContext, RequestFacts, RequestId};
pub use secret::{SealError, Sealer, Secret};
pub use store::{
    BoxError, Constraint, ForwardRepositories, Inconsistent, Repositories, Store, StoreError, Transaction,
};
pub use text::{InvalidText, has_control_characters, has_control_characters_in_lines};

#[cfg(any(test, feature = "mocks"))]
pub use clock::MockClock;
#[cfg(any(test, feature = "mocks"))]
pub use entropy::MockEntropy;
#[cfg(any(test, feature = "mocks"))]
pub use secret::MockSealer;
