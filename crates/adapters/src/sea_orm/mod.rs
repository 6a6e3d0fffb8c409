//! The store on a database, through sea-orm: SQLite or PostgreSQL.
//!
//! One generic struct, [`SeaRepositories`], implements every repository over whatever runs statements: the pool
//! ([`SeaStore`]) or a transaction ([`SeaTransaction`]). Each room is in its own file; `row` has the tables.

mod account;
mod audit;
mod backup;
mod budget;
mod connect;
mod connect_error;
mod device;
mod error;
mod extra;
mod extra_columns;
pub mod keys;
mod outbox;
pub mod personal_data;
mod place;
mod pool;
mod pulse;
mod rate_limit;
mod read;
mod repositories;
mod restore;
mod row;
pub mod schema;
mod second_factor;
mod session;
mod sqlite_file;
mod timestamp;
mod traces;
mod user;
mod user_delete;
mod user_list;
mod verification;
mod watched;

pub use backup::{BackupError, backup};
pub use connect::{ConnectOptions, connect};
pub use connect_error::ConnectError;
pub use error::DriverError;
pub use extra_columns::ExtraColumns;
pub use pool::{PoolLoad, PoolWatch};
pub use rate_limit::SeaRateLimiter;
pub use repositories::{SeaRepositories, SeaStore, SeaTransaction};
pub use restore::{RestoreError, Restored, restore};
