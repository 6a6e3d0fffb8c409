//! What Doorward adds to the tables: soft deletion, when a session was taken over from Better Auth, whom a verification
//! is about, and the indexes of the sweeps.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::better_auth_tables::index;
use crate::columns::{date, text};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "doorward_columns"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let backend = schema.get_database_backend();
        add(schema, "user", "deletedAt", date("deletedAt", backend)).await?;
        add(schema, "user", "deletedEmail", text("deletedEmail")).await?;
        add(schema, "session", "adoptedAt", date("adoptedAt", backend)).await?;
        add(schema, "verification", "userId", text("userId")).await?;
        // Of the deleted alone: that nobody is deleted must not look like a good way to find the others.
        let deleted = r#"CREATE INDEX IF NOT EXISTS "user_deletedAt_idx" ON "user" ("deletedAt")
            WHERE "deletedAt" IS NOT NULL"#;
        schema.get_connection().execute_unprepared(deleted).await?;
        schema
            .create_index(index("session_expiresAt_idx", "session", "expiresAt"))
            .await?;
        schema
            .create_index(index("verification_expiresAt_idx", "verification", "expiresAt"))
            .await?;
        schema
            .create_index(index("verification_userId_idx", "verification", "userId"))
            .await
    }
}

/// Adds the column, unless a team's own schema has it already: the guide's `user` has a `deletedAt`.
pub(crate) async fn add(
    schema: &SchemaManager<'_>,
    table: &'static str,
    name: &str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    if schema.has_column(table, name).await? {
        return Ok(());
    }
    schema
        .alter_table(Table::alter().table(table).add_column(column).take())
        .await
}
