//! The schema of Doorward's database, as steps that only go forward.
//!
//! The first step makes the tables as Better Auth makes them and leaves alone those that exist; the later ones add what is
//! Doorward's own, always nullable or with a default, so that the original can go on with the same database.
//! Each step is a file; its name, kept in the table `doorward_migration`, says what it did.

mod added_columns;
mod admin_columns;
mod audit_chain;
mod audit_event;
mod audit_impersonator;
mod audit_reading;
mod better_auth_tables;
mod budget;
mod catalog;
mod columns;
mod deleted_username;
mod device;
mod doorward_columns;
mod driver_error;
mod impersonated_sessions;
mod key_check;
mod migrate_error;
mod module;
mod optional_issuer;
mod outbox;
mod own_outbox;
mod rate_limit;
mod schema;
mod session;
mod session_facts;
mod step;
mod user_search;
mod username_columns;

pub use added_columns::{AddedColumn, ColumnKind, add_columns, missing_columns};
pub use driver_error::{DriverError, refusal};
pub use migrate_error::MigrateError;
pub use module::{ModuleMigrations, migrate_modules, pending_of_modules};
pub use sea_orm_migration::{self, MigrationTrait};

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

use catalog::{has_table, rows};
use schema::{Schema, VERSION_TABLE};
use step::Step;

/// The indexes that steps build, each after the table it is on.
const INDEXES: &[(&str, &str)] = &[
    ("session", "session_userId_idx"),
    ("account", "account_userId_idx"),
    ("verification", "verification_identifier_idx"),
    ("user", "user_deletedAt_idx"),
    ("session", "session_expiresAt_idx"),
    ("verification", "verification_expiresAt_idx"),
    ("verification", "verification_userId_idx"),
    ("user", "user_name_search_idx"),
    ("user", "user_createdAt_idx"),
    ("user", "user_username_key"),
    ("session", "session_impersonatedBy_idx"),
    ("doorward_outbox", "doorward_outbox_dueAt_idx"),
    ("doorward_budget", "doorward_budget_owner_idx"),
    ("doorward_budget", "doorward_budget_expiresAt_idx"),
    ("doorward_device", "doorward_device_userId_digest_key"),
    ("doorward_device", "doorward_device_lastSeen_idx"),
    (
        "doorward_audit_event",
        "doorward_audit_event_impersonatedBy_at_idx",
    ),
    ("doorward_audit_event", "doorward_audit_event_subject_idx"),
    ("doorward_audit_event", "doorward_audit_event_actor_idx"),
    ("doorward_audit_event", "doorward_audit_event_kind_idx"),
    ("doorward_audit_event", "doorward_audit_event_outcome_idx"),
    ("doorward_audit_event", "doorward_audit_event_time_idx"),
    ("doorward_audit_event", "doorward_audit_event_seq_key"),
    ("doorward_audit_event", "doorward_audit_event_unsealed_idx"),
];

/// The same for PostgreSQL alone.
const POSTGRES_INDEXES: &[(&str, &str)] = &[("user", "user_email_search_idx")];

/// The indexes that the schema has, each after the table it is on.
pub fn indexes(backend: DbBackend) -> impl Iterator<Item = (&'static str, &'static str)> {
    let others = (backend == DbBackend::Postgres).then_some(POSTGRES_INDEXES);
    INDEXES.iter().chain(others.into_iter().flatten()).copied()
}

/// Brings the schema up to date and answers the names of the steps taken. Nodes that start together take turns, and the later
/// ones find nothing to do.
///
/// On SQLite all steps are one transaction. On PostgreSQL every statement is one: it waits for a lock on a table for two seconds
/// at most, lets those behind it pass, and tries again; indexes are built while others write. A start that dies is finished by the
/// next one.
pub async fn migrate(database: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    if pending(database).await?.is_empty() {
        return Ok(Vec::new());
    }
    let schema = Schema::open(database).await?;
    let taken = Box::pin(take_steps(&schema)).await?;
    schema.close().await?;
    Ok(taken)
}

async fn take_steps(schema: &Schema) -> Result<Vec<String>, MigrateError> {
    // Others may have been here while this node waited for its turn.
    let known = match schema {
        Schema::Sqlite(transaction) => untaken(transaction).await?,
        Schema::Postgres(session) => untaken(session.connection()).await?,
    };
    if !known.is_empty() && !schema.has_table(VERSION_TABLE).await? {
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {VERSION_TABLE} (version varchar(255) NOT NULL PRIMARY KEY, applied_at bigint NOT NULL)"
        );
        schema.change(&create).await?;
    }
    let mut taken = Vec::new();
    for step in steps()
        .iter()
        .filter(|step| known.iter().any(|name| name == step.name()))
    {
        step.up(schema).await?;
        schema.record(step.name()).await?;
        taken.push(step.name().to_owned());
    }
    Ok(taken)
}

/// The names of the steps that [`migrate`] would take; changes nothing.
pub async fn pending(database: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    untaken(database).await
}

async fn untaken<C: ConnectionTrait>(database: &C) -> Result<Vec<String>, MigrateError> {
    let steps = steps();
    let names = || steps.iter().map(|step| step.name());
    if !has_table(database, VERSION_TABLE).await? {
        return Ok(names().map(str::to_owned).collect());
    }
    let rows = rows(database, &format!("SELECT version FROM {VERSION_TABLE}")).await?;
    let taken = rows
        .iter()
        .map(|row| row.try_get::<String>("", "version"))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(newer) = taken.iter().find(|taken| !names().any(|name| name == *taken)) {
        return Err(MigrateError::Newer(newer.clone()));
    }
    let is_taken = |name: &str| taken.iter().any(|taken| taken == name);
    Ok(names()
        .filter(|name| !is_taken(name))
        .map(str::to_owned)
        .collect())
}

/// All steps, in the order in which they are taken.
fn steps() -> Vec<Box<dyn Step>> {
    vec![
        Box::new(better_auth_tables::BetterAuthTables),
        Box::new(optional_issuer::OptionalIssuer),
        Box::new(doorward_columns::DoorwardColumns),
        Box::new(outbox::Outbox),
        Box::new(admin_columns::AdminColumns),
        Box::new(user_search::UserSearch),
        Box::new(username_columns::UsernameColumns),
        Box::new(session_facts::SessionFacts),
        Box::new(audit_event::AuditEvent),
        Box::new(own_outbox::OwnOutbox),
        Box::new(impersonated_sessions::ImpersonatedSessions),
        Box::new(deleted_username::DeletedUsername),
        Box::new(rate_limit::RateLimit),
        Box::new(budget::Budget),
        Box::new(device::Device),
        Box::new(key_check::KeyCheck),
        Box::new(audit_impersonator::AuditImpersonator),
        Box::new(audit_reading::AuditReading),
        Box::new(audit_chain::AuditChain),
    ]
}
