//! The use-cases of Doorward, one a file, grouped by feature.
//!
//! A use-case is a struct with one operation, made from the [`Context`], which holds the ports and the settings. It uses
//! entities and ports, and neither HTTP nor SQL. Inside a transaction a use-case uses that transaction alone. Hashing happens
//! before the transaction begins, and emails are rows in the outbox, sent after it.

pub mod access;
pub mod account;
pub mod audit;
pub mod audit_log;
pub mod device;
pub mod email;
pub mod export;
pub mod hooks;
pub mod identity;
pub mod password;
pub mod profile;
pub mod purge_expired;
pub mod rate_limit;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod verification;

mod context;
mod reads;
mod worker;

pub use context::{Context, Ports, RequestError};
pub use reads::{
    AccountReader, AuditEventReader, OutboxReader, SessionReader, StoreReader, UserReader, VerificationReader,
};
pub use worker::{Progress, Worker};
