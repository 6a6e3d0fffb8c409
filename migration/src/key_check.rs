//! What tells a start whether the secret is the one with which the database was used before.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::Table;

use crate::columns::{id, required_date, required_text};
use crate::schema::Schema;
use crate::step::Step;

const TABLE: &str = "doorward_key_check";

pub(crate) struct KeyCheck;

#[async_trait]
impl Step for KeyCheck {
    fn name(&self) -> &'static str {
        "key_check"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let check = Table::create()
            .table(TABLE)
            .col(id())
            .col(required_text("fingerprint"))
            .col(required_date("updatedAt", schema.backend()))
            .take();
        schema.create_table(check).await
    }
}
