//! An index of the sessions in which somebody is impersonated. Of these alone: they are few.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "impersonated_sessions"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let index = r#"CREATE INDEX IF NOT EXISTS "session_impersonatedBy_idx" ON "session" ("impersonatedBy")
            WHERE "impersonatedBy" IS NOT NULL"#;
        schema.get_connection().execute_unprepared(index).await.map(drop)
    }
}
