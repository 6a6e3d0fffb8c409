//! The columns of Better Auth's admin plugin: roles, bans, and who impersonates whom.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::columns::{date, optional_flag, text};
use crate::doorward_columns::add;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "admin_columns"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let backend = schema.get_database_backend();
        add(schema, "user", "role", text("role")).await?;
        add(schema, "user", "banned", optional_flag("banned", backend)).await?;
        add(schema, "user", "banReason", text("banReason")).await?;
        add(schema, "user", "banExpires", date("banExpires", backend)).await?;
        add(schema, "session", "impersonatedBy", text("impersonatedBy")).await
    }
}
