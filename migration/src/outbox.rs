//! Emails that wait to be sent, sealed with a key that only the server has.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::better_auth_tables::index;
use crate::columns::{date, id, required_date, required_text};

pub(crate) const TABLE: &str = "doorward_outbox";
pub(crate) const INDEX: &str = "doorward_outbox_dueAt_idx";
pub(crate) const COLUMNS: [&str; 6] = ["id", "sealed", "attempts", "dueAt", "createdAt", "leaseUntil"];

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "outbox"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        create(schema).await
    }
}

/// Makes the table. It was called `outbox` before the step `own_outbox`, a name that teams use as well.
pub(crate) async fn create(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let backend = schema.get_database_backend();
    let outbox = Table::create()
        .table(TABLE)
        .col(id())
        .col(required_text("sealed"))
        .col(ColumnDef::new("attempts").integer().not_null().default(0))
        .col(required_date("dueAt", backend))
        .col(required_date("createdAt", backend))
        .col(date("leaseUntil", backend))
        .take();
    schema.create_table(outbox).await?;
    schema.create_index(index(INDEX, TABLE, "dueAt")).await
}
