use std::error::Error;
use std::fmt;

use sea_orm_migration::sea_orm::sqlx::error::DatabaseError;
use sea_orm_migration::sea_orm::{DbErr, RuntimeErr, sqlx};

/// An error of the database or its driver. Of what PostgreSQL says it leaves out the line of PostgreSQL's own source.
#[derive(Debug)]
pub struct DriverError(DbErr);

impl DriverError {
    /// The error as the driver has it.
    #[must_use]
    pub const fn cause(&self) -> &DbErr {
        &self.0
    }
}

/// What the database itself said, if it did.
#[must_use]
pub fn refusal(error: &DbErr) -> Option<&dyn DatabaseError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => cause.as_database_error(),
        _ => None,
    }
}

impl From<DbErr> for DriverError {
    fn from(error: DbErr) -> Self {
        Self(error)
    }
}

impl From<sqlx::Error> for DriverError {
    fn from(error: sqlx::Error) -> Self {
        Self(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (refusal(&self.0), &self.0) {
            (Some(refusal), _) => f.write_str(refusal.message()),
            (None, DbErr::Conn(RuntimeErr::SqlxError(cause))) => cause.fmt(f),
            (None, error) => error.fmt(f),
        }
    }
}

impl Error for DriverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match (refusal(&self.0), &self.0) {
            // The message is all that it says.
            (Some(_), _) => None,
            (None, DbErr::Conn(RuntimeErr::SqlxError(cause))) => cause.source(),
            (None, error) => error.source(),
        }
    }
}
