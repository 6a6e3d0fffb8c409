//! The outbox gets a name of Doorward's own: `outbox` is one that teams use for theirs.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::sea_query::Table;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::better_auth_tables::index;
use crate::outbox::{COLUMNS, INDEX, TABLE, create};

/// As an earlier version called it.
const OLD_TABLE: &str = "outbox";

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "own_outbox"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // Where the step `outbox` was just taken, it made the table under its new name.
        if schema.has_table(TABLE).await? {
            return Ok(());
        }
        if !is_ours(schema).await? {
            return create(schema).await;
        }
        schema
            .rename_table(Table::rename().table(OLD_TABLE, TABLE).take())
            .await?;
        schema
            .get_connection()
            .execute_unprepared(r#"DROP INDEX IF EXISTS "outbox_dueAt_idx""#)
            .await?;
        schema.create_index(index(INDEX, TABLE, "dueAt")).await
    }
}

/// Whether the old table has our columns. That it is ours the book says, which has the step that made it.
async fn is_ours(schema: &SchemaManager<'_>) -> Result<bool, DbErr> {
    for column in COLUMNS {
        if !schema.has_column(OLD_TABLE, column).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
