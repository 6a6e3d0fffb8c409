//! The steps of modules, which are taken after Doorward's own.

use std::fmt;

use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Expr, ExprTrait, Index, Query, Table};
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr};
use sea_orm_migration::{MigrationTrait, SchemaManager};

use crate::catalog::has_table;
use crate::migrate_error::MigrateError;
use crate::schema::Schema;

/// Names the steps taken, by module.
const TABLE: &str = "doorward_module_migration";
const MODULE: &str = "module";
const STEP: &str = "step";

/// The steps of one module.
pub struct ModuleMigrations {
    /// The name of the module.
    pub module: &'static str,
    /// Its steps, in the order in which they are taken.
    pub steps: Vec<Box<dyn MigrationTrait>>,
}

impl fmt::Debug for ModuleMigrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(|step| step.name()).collect();
        f.debug_struct("ModuleMigrations")
            .field("module", &self.module)
            .field("steps", &steps)
            .finish()
    }
}

impl ModuleMigrations {
    /// What [`migrate_modules`] and [`pending_of_modules`] call a step.
    fn name(&self, step: &dyn MigrationTrait) -> String {
        format!("{}.{}", self.module, step.name())
    }

    /// The steps that were not taken.
    async fn untaken<C: ConnectionTrait>(
        &self,
        database: &C,
    ) -> Result<Vec<&dyn MigrationTrait>, MigrateError> {
        let taken = taken(database, self.module).await?;
        let is_known = |name: &String| self.steps.iter().any(|step| step.name() == name);
        if let Some(newer) = taken.iter().find(|name| !is_known(name)) {
            return Err(MigrateError::NewerModule {
                module: self.module,
                step: newer.clone(),
            });
        }
        let steps = self.steps.iter().map(|step| &**step);
        Ok(steps
            .filter(|step| !taken.iter().any(|name| name == step.name()))
            .collect())
    }
}

/// The steps that [`migrate_modules`] would take; changes nothing.
pub async fn pending_of_modules(
    database: &DatabaseConnection,
    modules: &[ModuleMigrations],
) -> Result<Vec<String>, MigrateError> {
    let mut pending = Vec::new();
    for module in modules {
        let untaken = module.untaken(database).await?;
        pending.extend(untaken.into_iter().map(|step| module.name(step)));
    }
    Ok(pending)
}

/// Takes the steps that were not taken yet and answers their names. Nodes that start together take turns.
///
/// On SQLite all steps are one transaction. On PostgreSQL each is one, together with the note that it was taken. It waits for a
/// lock on a table for two seconds at most, lets those behind it pass, and tries again.
pub async fn migrate_modules(
    database: &DatabaseConnection,
    modules: &[ModuleMigrations],
) -> Result<Vec<String>, MigrateError> {
    if pending_of_modules(database, modules).await?.is_empty() {
        return Ok(Vec::new());
    }
    let schema = Schema::open(database).await?;
    let mut names = Vec::new();
    for module in modules {
        // Others may have been here while this node waited for its turn.
        let untaken = match &schema {
            Schema::Sqlite(transaction) => module.untaken(transaction).await?,
            Schema::Postgres(session) => module.untaken(session.connection()).await?,
        };
        for step in untaken {
            let taking =
                async |transaction: &DatabaseTransaction| take(transaction, module.module, step).await;
            match &schema {
                Schema::Sqlite(transaction) => taking(transaction).await?,
                Schema::Postgres(session) => Box::pin(session.transaction(taking)).await?,
            }
            names.push(module.name(step));
        }
    }
    schema.close().await?;
    Ok(names)
}

async fn take(
    transaction: &DatabaseTransaction,
    module: &str,
    step: &dyn MigrationTrait,
) -> Result<(), DbErr> {
    let manager = SchemaManager::new(transaction);
    step.up(&manager).await?;
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(ColumnDef::new(MODULE).text().not_null())
        .col(ColumnDef::new(STEP).text().not_null())
        .primary_key(Index::create().col(MODULE).col(STEP))
        .take();
    manager.create_table(table).await?;
    let note = Query::insert()
        .into_table(TABLE)
        .columns([MODULE, STEP])
        .values_panic([module.into(), step.name().into()])
        .take();
    transaction.execute(&note).await.map(drop)
}

async fn taken<C: ConnectionTrait>(database: &C, module: &str) -> Result<Vec<String>, DbErr> {
    if !has_table(database, TABLE).await? {
        return Ok(Vec::new());
    }
    let query = Query::select()
        .column(STEP)
        .from(TABLE)
        .and_where(Expr::col(MODULE).eq(module))
        .take();
    let rows = database.query_all(&query).await?;
    rows.iter().map(|row| row.try_get("", STEP)).collect()
}
