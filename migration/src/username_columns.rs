//! The columns of Better Auth's username plugin.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::better_auth_tables::index;
use crate::columns::text;
use crate::doorward_columns::add;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "username_columns"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        add(schema, "user", "username", text("username")).await?;
        add(schema, "user", "displayUsername", text("displayUsername")).await?;
        let unique = index("user_username_key", "user", "username").unique().take();
        schema.create_index(unique).await
    }
}
