//! What a session says about itself: by which methods and when its user signed in, and whether it ends with the browser.
//!
//! All are null for sessions of before, and for those Better Auth makes.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::columns::{date, optional_flag, text};
use crate::doorward_columns::add;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "session_facts"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let backend = schema.get_database_backend();
        add(schema, "session", "amr", text("amr")).await?;
        add(
            schema,
            "session",
            "authenticatedAt",
            date("authenticatedAt", backend),
        )
        .await?;
        add(
            schema,
            "session",
            "browserSession",
            optional_flag("browserSession", backend),
        )
        .await
    }
}
