//! What Doorward is tested with, and what other teams can test their own code with: sample entities, a clock that stands
//! still, random values that repeat, databases for one test, and the promises of the ports as a suite.
//!
//! The mocks of all ports are in `doorward-domain`, feature `mocks`, and [`Mocks`] puts them together; the store in memory is
//! [`doorward_adapters::memory::MemoryStore`].

pub mod contract;
pub mod samples;

mod app;
mod browser;
mod clock;
mod database;
mod entropy;
mod faulty;
mod in_memory;
mod mocks;

pub(crate) use app::test_keys;
pub use app::{PASSWORD, SECRET, Setup, TestApp};
pub use browser::{Browser, Response};
pub use clock::FixedClock;
pub use database::{Backend, POSTGRES_URL, TestDatabase};
pub use entropy::SeededEntropy;
pub use faulty::{Faulty, FaultyStore};
pub use in_memory::{PlainHasher, in_memory_context, in_memory_ports, test_signer};
pub use mocks::{Commits, MockStore, Mocks};
