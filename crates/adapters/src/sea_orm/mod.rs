//! The store on a database, through sea-orm: SQLite or PostgreSQL.
//!
//! One generic struct, [`SeaRepositories`], implements every repository over whatever runs statements: the pool
//! ([`SeaStore`]) or a transaction ([`SeaTransaction`]). Each room is in its own file; `row` has the tables.

mod account;
mod audit;
mod connect;
mod error;
mod extra;
mod outbox;
mod place;
mod read;
mod repositories;
mod row;
pub mod schema;
mod second_factor;
mod session;
mod timestamp;
mod user;
mod user_delete;
mod user_list;
mod verification;

pub use connect::{ConnectError, ConnectOptions, connect};
pub use error::DriverError;
pub use extra::ExtraColumns;
pub use repositories::{SeaRepositories, SeaStore, SeaTransaction};
