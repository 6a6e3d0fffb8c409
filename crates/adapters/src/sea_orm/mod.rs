//! The store on a database, through sea-orm: SQLite or PostgreSQL.
//!
//! One generic struct, [`SeaRepositories`], implements every repository over whatever runs statements: the pool
//! ([`SeaStore`]) or a transaction ([`SeaTransaction`]). Each room is in its own file; `row` has the tables.

mod account;
mod audit;
mod connect;
mod connect_error;
mod error;
mod extra;
mod extra_columns;
mod outbox;
pub mod personal_data;
mod place;
mod read;
mod repositories;
mod row;
pub mod schema;
mod second_factor;
mod session;
mod timestamp;
mod traces;
mod user;
mod user_delete;
mod user_list;
mod verification;

pub use connect::{ConnectOptions, connect};
pub use connect_error::ConnectError;
pub use error::DriverError;
pub use extra_columns::ExtraColumns;
pub use repositories::{SeaRepositories, SeaStore, SeaTransaction};
