//! Emails that wait to be sent, sealed with a key that only the server has.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};

use crate::columns::{date, id, required_date, required_text};
use crate::schema::Schema;
use crate::step::Step;

pub(crate) const TABLE: &str = "doorward_outbox";
pub(crate) const INDEX: &str = "doorward_outbox_dueAt_idx";
pub(crate) const KEY: &str = r#"("dueAt")"#;
pub(crate) const COLUMNS: [&str; 6] = ["id", "sealed", "attempts", "dueAt", "createdAt", "leaseUntil"];

pub(crate) struct Outbox;

#[async_trait]
impl Step for Outbox {
    fn name(&self) -> &'static str {
        "outbox"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        create(schema).await
    }
}

/// Makes the table. It was called `outbox` before the step `own_outbox`, a name that teams use as well.
pub(crate) async fn create(schema: &Schema) -> Result<(), DbErr> {
    let backend = schema.backend();
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
    schema.index(TABLE, INDEX, KEY).await
}
