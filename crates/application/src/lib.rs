//! The verbs of Doorward: one use-case a file, in the room it belongs to.
//!
//! A use-case is a struct with one verb, made from the [`Context`]: the ports it works through and the settings it
//! obeys. It knows entities and ports and nothing of HTTP or SQL. Inside a transaction a use-case talks to that
//! transaction alone; hashing happens before it begins, and emails are rows in the outbox, sent after it.

pub mod access;
pub mod account;
pub mod email;
pub mod hooks;
pub mod identity;
pub mod password;
pub mod profile;
pub mod purge_expired;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod verification;

mod context;
mod reads;

pub use context::{Context, Ports, RequestError};
pub use reads::{
    AccountReader, AuditEventReader, SessionReader, StoreReader, UserReader, VerificationReader,
};
