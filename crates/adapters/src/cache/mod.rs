//! What is remembered in the process, so that the store need not be asked.

mod repositories;
mod sessions;
mod store;

pub use sessions::{CacheLoad, MemorySessionCache};
pub use store::{CacheInvalidatingStore, Watched};
