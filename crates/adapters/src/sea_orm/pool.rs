use sea_orm::sqlx::{Database, Pool};
use sea_orm::{DatabaseConnection, DbBackend};

use super::SeaStore;

/// How many connections to the database there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLoad {
    /// Those that somebody uses.
    pub in_use: u64,
    /// The others.
    pub idle: u64,
    /// Most there may be.
    pub max: u64,
}

/// Tells how busy the connections of a store are.
#[derive(Clone, Debug)]
pub struct PoolWatch(DatabaseConnection);

impl SeaStore {
    /// What tells how busy the connections are.
    #[must_use]
    pub fn watch_pool(&self) -> PoolWatch {
        PoolWatch(self.connection().clone())
    }
}

impl PoolWatch {
    /// How many there are now.
    #[must_use]
    pub fn load(&self) -> Option<PoolLoad> {
        match self.0.get_database_backend() {
            DbBackend::Sqlite => Some(load_of(self.0.get_sqlite_connection_pool())),
            DbBackend::Postgres => Some(load_of(self.0.get_postgres_connection_pool())),
            _ => None,
        }
    }
}

fn load_of<D: Database>(pool: &Pool<D>) -> PoolLoad {
    let idle = u64::try_from(pool.num_idle()).unwrap_or(u64::MAX);
    PoolLoad {
        // The two are not read at one moment.
        in_use: u64::from(pool.size()).saturating_sub(idle),
        idle,
        max: u64::from(pool.options().get_max_connections()),
    }
}
