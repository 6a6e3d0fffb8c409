//! What a session says about itself: by which methods and when its user signed in, and whether it ends with the browser.
//!
//! All are null for sessions of before, and for those Better Auth makes.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::columns::{date, optional_flag, text};
use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct SessionFacts;

#[async_trait]
impl Step for SessionFacts {
    fn name(&self) -> &'static str {
        "session_facts"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let backend = schema.backend();
        schema.add_column("session", "amr", text("amr")).await?;
        schema
            .add_column("session", "authenticatedAt", date("authenticatedAt", backend))
            .await?;
        schema
            .add_column(
                "session",
                "browserSession",
                optional_flag("browserSession", backend),
            )
            .await
    }
}
