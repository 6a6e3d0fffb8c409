//! Columns that an application adds by its configuration.

use sea_orm_migration::sea_orm::sea_query::{Alias, ColumnDef};
use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend};

use crate::catalog::has_column;
use crate::migrate_error::MigrateError;
use crate::schema::Schema;

/// What a column holds, in Better Auth's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// `text`
    Text,
    /// `integer`
    Number,
    /// `boolean`, on SQLite `integer`
    Bool,
    /// `timestamptz`, on SQLite `date`
    Date,
}

/// A column of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedColumn {
    /// The table it is in.
    pub table: &'static str,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

impl AddedColumn {
    fn label(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }
}

/// The names of the columns that [`add_columns`] would add; changes nothing.
pub async fn missing_columns(
    database: &DatabaseConnection,
    columns: &[AddedColumn],
) -> Result<Vec<String>, MigrateError> {
    let mut missing = Vec::new();
    for column in columns {
        if !has_column(database, column.table, &column.name).await? {
            missing.push(column.label());
        }
    }
    Ok(missing)
}

/// Adds those columns that are missing, all optional, and answers their names. Nodes that start together take turns.
pub async fn add_columns(
    database: &DatabaseConnection,
    columns: &[AddedColumn],
) -> Result<Vec<String>, MigrateError> {
    if missing_columns(database, columns).await?.is_empty() {
        return Ok(Vec::new());
    }
    let schema = Schema::open(database).await?;
    let mut added = Vec::new();
    for column in columns {
        if schema.has_column(column.table, &column.name).await? {
            continue;
        }
        let definition = definition(column, schema.backend());
        schema.add_column(column.table, &column.name, definition).await?;
        added.push(column.label());
    }
    schema.close().await?;
    Ok(added)
}

fn definition(column: &AddedColumn, backend: DbBackend) -> ColumnDef {
    let mut definition = ColumnDef::new(Alias::new(&column.name));
    match (column.kind, backend) {
        (ColumnKind::Text, _) => definition.text(),
        (ColumnKind::Number, _) | (ColumnKind::Bool, DbBackend::Sqlite) => definition.integer(),
        (ColumnKind::Bool, _) => definition.boolean(),
        (ColumnKind::Date, DbBackend::Sqlite) => definition.custom("date"),
        (ColumnKind::Date, _) => definition.custom("timestamptz"),
    };
    definition
}
