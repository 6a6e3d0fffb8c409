//! The store in memory, for tests and for trying things out: it keeps every promise of the ports but durability.
//!
//! One generic struct, [`MemoryRepositories`], implements every repository over the committed tables ([`MemoryStore`]) or
//! over the copy of them a transaction works on ([`MemoryTransaction`]). Each room is in its own file.

mod account;
mod audit;
mod budget;
mod device;
mod outbox;
mod rate_limit;
mod session;
mod store;
mod tables;
mod user;
mod verification;

pub use rate_limit::MemoryRateLimiter;
pub use store::{Access, Committed, Copied, MemoryRepositories, MemoryStore, MemoryTransaction};
pub use tables::{Sealed, SpentBudget, Tables, Waiting};
