//! The audit log: who did what to whom, when and from where. It refers to users and sessions by id alone, so that it
//! outlives both.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::{Index, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::columns::{id, required_date, required_text, text};

const TABLE: &str = "doorward_audit_event";

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "audit_event"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let backend = schema.get_database_backend();
        let event = Table::create()
            .table(TABLE)
            .col(id())
            .col(required_text("kind"))
            .col(required_date("at", backend))
            .col(required_text("actorKind"))
            .col(text("actorId"))
            .col(text("sessionId"))
            .col(text("impersonatedBy"))
            .col(text("subjectId"))
            .col(required_text("requestId"))
            .col(text("ipAddress"))
            .col(text("userAgent"))
            .col(required_text("outcome"))
            .col(text("details"))
            .take();
        schema.create_table(event).await?;
        for (name, columns) in [
            ("doorward_audit_event_subjectId_at_idx", &["subjectId", "at"][..]),
            ("doorward_audit_event_actorId_at_idx", &["actorId", "at"]),
            ("doorward_audit_event_at_idx", &["at"]),
        ] {
            let mut index = Index::create().name(name).table(TABLE).take();
            for column in columns {
                index.col(*column);
            }
            schema.create_index(index).await?;
        }
        Ok(())
    }
}
