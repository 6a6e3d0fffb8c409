//! The schema of Doorward's database, as steps that only go forward.
//!
//! The first step makes the tables as Better Auth makes them and leaves alone those that exist; the later ones add what is
//! Doorward's own, always nullable or with a default, so that the original can go on with the same database.
//! Each step is a file; its name, kept in the table `doorward_migration`, says what it did.

mod added_columns;
mod admin_columns;
mod audit_event;
mod better_auth_tables;
mod columns;
mod deleted_username;
mod doorward_columns;
mod impersonated_sessions;
mod module;
mod optional_issuer;
mod outbox;
mod own_outbox;
mod patience;
mod session_facts;
mod user_search;
mod username_columns;

pub use added_columns::{AddedColumn, ColumnKind, add_columns, missing_columns};
pub use module::{ModuleMigrations, migrate_modules, pending_of_modules};
pub use sea_orm_migration::{self, MigrationTrait};

use async_trait::async_trait;
use sea_orm_migration::sea_orm::sea_query::{IntoIden, Query};
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, DynIden,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationStatus, MigratorTrait, SchemaManager};

/// Names the steps taken.
const VERSION_TABLE: &str = "doorward_migration";
/// The advisory lock of PostgreSQL under which steps are taken: the ASCII codes of `Doorward` as a number.
const LOCK: i64 = 0x446f_6f72_7761_7264;

/// Why the schema could not be brought up to date. Nothing was changed.
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
    /// The database refused a statement.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Brings the schema up to date and answers the names of the steps taken.
///
/// All steps are one transaction. Nodes that start together wait for each other, and the later ones find nothing to do.
///
/// On PostgreSQL it waits for a lock on a table for two seconds at most, lets those behind it pass, and tries again.
pub async fn migrate(database: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    loop {
        match take_steps(database).await {
            Err(MigrateError::Database(error)) if patience::is_timeout(&error) => {
                patience::pause(database).await?;
            }
            outcome => return outcome,
        }
    }
}

async fn take_steps(database: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    let transaction = lock(database).await?;
    let steps = untaken(&transaction).await?;
    if !steps.is_empty() {
        Migrator::up(&transaction, None).await?;
    }
    transaction.commit().await?;
    Ok(steps)
}

/// Begins a transaction that changes the schema, when nobody else does.
async fn lock(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions {
        sqlite_transaction_mode: mode,
        ..TransactionOptions::default()
    };
    let transaction = database.begin_with_options(options).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Other nodes are waited for as long as they take; everybody else only for a while, see `patience`.
        transaction
            .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
            .await?;
        transaction.execute_unprepared(patience::LIMIT).await?;
    }
    Ok(transaction)
}

/// The names of the steps that [`migrate`] would take; changes nothing.
pub async fn pending(database: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    let transaction = database.begin().await?;
    untaken(&transaction).await
}

async fn untaken(transaction: &DatabaseTransaction) -> Result<Vec<String>, MigrateError> {
    if let Some(newer) = unknown_step(transaction).await? {
        return Err(MigrateError::Newer(newer));
    }
    let steps = Migrator::get_migration_with_status_read_only(transaction).await?;
    let untaken = steps
        .iter()
        .filter(|step| step.status() == MigrationStatus::Pending);
    Ok(untaken.map(|step| step.name().to_owned()).collect())
}

async fn unknown_step(transaction: &DatabaseTransaction) -> Result<Option<String>, DbErr> {
    if !SchemaManager::new(transaction).has_table(VERSION_TABLE).await? {
        return Ok(None);
    }
    let rows = transaction
        .query_all(Query::select().column("version").from(VERSION_TABLE))
        .await?;
    let taken = rows
        .iter()
        .map(|row| row.try_get::<String>("", "version"))
        .collect::<Result<Vec<_>, _>>()?;
    let known = Migrator::migrations();
    Ok(taken
        .into_iter()
        .find(|name| !known.iter().any(|step| step.name() == name)))
}

struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(better_auth_tables::Step),
            Box::new(optional_issuer::Step),
            Box::new(doorward_columns::Step),
            Box::new(outbox::Step),
            Box::new(admin_columns::Step),
            Box::new(user_search::Step),
            Box::new(username_columns::Step),
            Box::new(session_facts::Step),
            Box::new(audit_event::Step),
            Box::new(own_outbox::Step),
            Box::new(impersonated_sessions::Step),
            Box::new(deleted_username::Step),
        ]
    }

    fn migration_table_name() -> DynIden {
        VERSION_TABLE.into_iden()
    }
}
