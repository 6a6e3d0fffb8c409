//! Every column of the schema is declared in the map of personal data.

use std::collections::BTreeSet;

use doorward_adapters::sea_orm::personal_data::TABLES;
use doorward_migration::ModuleMigrations;
use doorward_migration::sea_orm_migration::sea_orm::DbErr;
use doorward_migration::sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::databases;

/// A step of a module, so that the table of their steps is made.
struct Nothing;

impl MigrationName for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Nothing {
    async fn up(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

async fn columns(database: &DatabaseConnection) -> BTreeSet<(String, String)> {
    let query = match database.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()"
        }
        _ => {
            "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) p
            WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%'"
        }
    };
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap()))
        .collect()
}

#[tokio::test]
async fn dt_2_every_column_is_in_the_map_of_personal_data() {
    let declared: BTreeSet<_> = TABLES
        .iter()
        .flat_map(|table| {
            let column = |column: &str| (table.table.to_owned(), column.to_owned());
            table.columns.iter().map(move |it| column(it.column))
        })
        .collect();
    for test in databases().await {
        let module = ModuleMigrations {
            module: "clinic",
            steps: vec![Box::new(Nothing)],
        };
        drop(test.store_with(vec![module]).await);
        let found = columns(&test.connection().await).await;
        let undeclared: Vec<_> = found.difference(&declared).collect();
        assert!(
            undeclared.is_empty(),
            "columns without a line in sea_orm/personal_data.rs: {undeclared:?}"
        );
        let gone: Vec<_> = declared.difference(&found).collect();
        assert!(gone.is_empty(), "lines without a column: {gone:?}");
    }
}

#[test]
fn every_column_is_declared_once() {
    for table in TABLES {
        let names: BTreeSet<_> = table.columns.iter().map(|it| it.column).collect();
        assert_eq!(names.len(), table.columns.len(), "{}", table.table);
    }
}
