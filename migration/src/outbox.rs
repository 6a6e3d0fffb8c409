//! Emails that wait to be sent, sealed with a key that only the server has.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::better_auth_tables::index;
use crate::columns::{date, id, required_date, required_text};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "outbox"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let backend = schema.get_database_backend();
        let outbox = Table::create()
            .table("outbox")
            .col(id())
            .col(required_text("sealed"))
            .col(ColumnDef::new("attempts").integer().not_null().default(0))
            .col(required_date("dueAt", backend))
            .col(required_date("createdAt", backend))
            .col(date("leaseUntil", backend))
            .take();
        schema.create_table(outbox).await?;
        schema
            .create_index(index("outbox_dueAt_idx", "outbox", "dueAt"))
            .await
    }
}
