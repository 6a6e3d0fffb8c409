//! Where the username of a deleted user is kept, so that somebody else can have it.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::columns::text;
use crate::doorward_columns::add;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "deleted_username"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        add(schema, "user", "deletedUsername", text("deletedUsername")).await?;
        // `deletedAt` alone may be a team's own; with the address set aside it is ours.
        let free = r#"UPDATE "user" SET "deletedUsername" = "username", "username" = NULL
            WHERE "deletedAt" IS NOT NULL AND "deletedEmail" IS NOT NULL AND "username" IS NOT NULL"#;
        schema.get_connection().execute_unprepared(free).await.map(drop)
    }
}
