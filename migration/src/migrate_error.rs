use sea_orm_migration::sea_orm::DbErr;

use crate::driver_error::DriverError;
use crate::session::is_passing;

/// Why the schema could not be brought up to date. On SQLite nothing was changed. On PostgreSQL what was done before stays, and the
/// next start goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer Doorward was here before.
    #[error(
        "the database was brought up to date by a newer version of Doorward (step \"{0}\" is not known to this one)"
    )]
    Newer(String),
    /// A newer version of a module was here before.
    #[error(
        "the database was brought up to date by a newer version of the module `{module}` (step \"{step}\" is not known to this one)"
    )]
    NewerModule {
        /// The module.
        module: &'static str,
        /// The step.
        step: String,
    },
    /// A transaction of others keeps a table locked.
    #[error(
        "a table is locked by a transaction of others, and was for minutes; the log names it. End it, and start again"
    )]
    Locked(#[source] DriverError),
    /// The database refused a statement.
    #[error(transparent)]
    Database(DriverError),
}

impl From<DbErr> for MigrateError {
    fn from(error: DbErr) -> Self {
        if is_passing(&error) {
            Self::Locked(error.into())
        } else {
            Self::Database(error.into())
        }
    }
}
