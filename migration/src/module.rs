//! The steps of modules, which are taken after Doorward's own.

use std::fmt;

use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Expr, ExprTrait, Query, Table};
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr};
use sea_orm_migration::{MigrationTrait, SchemaManager};

use crate::{MigrateError, lock};

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
    /// What [`migrate`](crate::migrate) and [`pending`](crate::pending) call a step.
    fn name(&self, step: &dyn MigrationTrait) -> String {
        format!("{}.{}", self.module, step.name())
    }

    /// The steps that were not taken.
    fn untaken(&self, taken: &[String]) -> Result<Vec<&dyn MigrationTrait>, MigrateError> {
        let known = |name: &String| self.steps.iter().any(|step| step.name() == name);
        if let Some(newer) = taken.iter().find(|name| !known(name)) {
            return Err(MigrateError::NewerModule {
                module: self.module,
                step: newer.clone(),
            });
        }
        let untaken = self.steps.iter().map(|step| &**step);
        Ok(untaken
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
    let has_table = SchemaManager::new(database).has_table(TABLE).await?;
    for module in modules {
        let taken = if has_table {
            taken(database, module.module).await?
        } else {
            Vec::new()
        };
        let untaken = module.untaken(&taken)?;
        pending.extend(untaken.into_iter().map(|step| module.name(step)));
    }
    Ok(pending)
}

/// Takes the steps that were not taken yet and answers their names. Each step is one transaction with the note that it was
/// taken. Nodes that start together wait for each other.
pub async fn migrate_modules(
    database: &DatabaseConnection,
    modules: &[ModuleMigrations],
) -> Result<Vec<String>, MigrateError> {
    let mut steps = Vec::new();
    for module in modules {
        while let Some(step) = take_next(database, module).await? {
            steps.push(step);
        }
    }
    Ok(steps)
}

async fn take_next(
    database: &DatabaseConnection,
    module: &ModuleMigrations,
) -> Result<Option<String>, MigrateError> {
    let transaction = lock(database).await?;
    make_table(&transaction).await?;
    let taken = taken(&transaction, module.module).await?;
    let untaken = module.untaken(&taken)?;
    let Some(step) = untaken.first() else {
        return Ok(None);
    };
    step.up(&SchemaManager::new(&transaction)).await?;
    let note = Query::insert()
        .into_table(TABLE)
        .columns([MODULE, STEP])
        .values_panic([module.module.into(), step.name().into()])
        .to_owned();
    transaction.execute(&note).await?;
    transaction.commit().await?;
    Ok(Some(module.name(*step)))
}

async fn make_table(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let manager = SchemaManager::new(transaction);
    if manager.has_table(TABLE).await? {
        return Ok(());
    }
    let table = Table::create()
        .table(TABLE)
        .col(ColumnDef::new(MODULE).text().not_null())
        .col(ColumnDef::new(STEP).text().not_null())
        .primary_key(
            sea_orm_migration::sea_orm::sea_query::Index::create()
                .col(MODULE)
                .col(STEP),
        )
        .to_owned();
    manager.create_table(table).await
}

async fn taken(database: &impl ConnectionTrait, module: &str) -> Result<Vec<String>, DbErr> {
    let query = Query::select()
        .column(STEP)
        .from(TABLE)
        .and_where(Expr::col(MODULE).eq(module))
        .to_owned();
    let rows = database.query_all(&query).await?;
    rows.iter().map(|row| row.try_get("", STEP)).collect()
}
