//! Looks at a database before anything is made, changed or served, and refuses one whose rows would be misread.
//!
//! Everything here only reads. What does not fit is answered as [`Finding`]s, each with what to do about it.

mod catalog;
mod expected;
mod indexes;
mod judge;
mod people;
mod rights;
mod types;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::{DatabaseConnection, DbErr, SqlxSqliteConnector};

pub(super) use catalog::has_column;
pub(super) use people::SECOND_FACTOR_IS_ON;
pub use people::{
    WithoutPassword, enrolled_second_factors, has_passwords, has_users, users_without_password,
};

use super::{ConnectOptions, DriverError, ExtraColumns};

/// A table or column that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table.
    pub table: String,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// What is there.
    pub found: String,
    /// What is wanted.
    pub wanted: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.table)?;
        if let Some(column) = &self.column {
            write!(formatter, ".{column}")?;
        }
        write!(
            formatter,
            ": found {}, wanted {}; {}",
            self.found, self.wanted, self.remedy
        )
    }
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaReport {
    /// Everything that does not fit. With one of them the database must not be touched.
    pub findings: Vec<Finding>,
    /// Whether users are here, and Doorward never was.
    pub is_taken_over: bool,
    /// Tables beside those that Doorward knows.
    pub other_tables: usize,
}

/// Why a database is not touched.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Its rows would be misread.
    #[error("this database does not fit, and nothing was changed:{}", listed(.0))]
    Unfit(Vec<Finding>),
    /// It could not be looked at.
    #[error(transparent)]
    Database(DriverError),
}

impl From<DbErr> for SchemaError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

fn listed(findings: &[Finding]) -> String {
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    format!("\n  {}", lines.join("\n  "))
}

/// What may be made or changed after looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Nothing.
    Nothing,
    /// What is missing. That takes rights which serving does not.
    Missing,
    /// What is missing, also tables beside others that look like them.
    BesideLookalikes,
}

/// How to look.
#[derive(Clone, Copy, Debug)]
pub struct SchemaCheck<'a> {
    /// The columns an application declares, which may be mandatory.
    pub extra: &'a ExtraColumns,
    /// What may be made or changed after looking.
    pub changes: Changes,
}

impl SchemaCheck<'_> {
    /// Looks at an open database.
    pub async fn look(&self, database: &DatabaseConnection) -> Result<SchemaReport, DbErr> {
        judge::judge(database, self).await
    }

    /// Looks, and refuses what does not fit.
    pub async fn require(&self, database: &DatabaseConnection) -> Result<SchemaReport, SchemaError> {
        let report = self.look(database).await?;
        if report.findings.is_empty() {
            Ok(report)
        } else {
            Err(SchemaError::Unfit(report.findings))
        }
    }

    /// Looks at a file of SQLite before it is opened for writing: to open it would switch it to a write-ahead log. A file
    /// that is not there, and every other database, fits as far as this goes.
    pub async fn require_file(&self, options: &ConnectOptions) -> Result<(), SchemaError> {
        let url = options.url.expose();
        if !url.starts_with("sqlite:") {
            return Ok(());
        }
        // What is wrong with the URL, connecting says.
        let Ok(file) = SqliteConnectOptions::from_str(url) else {
            return Ok(());
        };
        if !Path::is_file(file.get_filename()) {
            return Ok(());
        }
        let file = file.create_if_missing(false).read_only(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(file);
        let database = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        let outcome = self.require(&database).await;
        database.close().await?;
        outcome.map(drop)
    }
}
