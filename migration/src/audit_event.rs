//! The audit log: who did what to whom, when and from where. It refers to users and sessions by id alone, so that it
//! outlives both.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::Table;

use crate::columns::{id, required_date, required_text, text};
use crate::schema::Schema;
use crate::step::Step;

const TABLE: &str = "doorward_audit_event";

pub(crate) struct AuditEvent;

#[async_trait]
impl Step for AuditEvent {
    fn name(&self) -> &'static str {
        "audit_event"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let backend = schema.backend();
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
        for (name, key) in [
            ("doorward_audit_event_subjectId_at_idx", r#"("subjectId", "at")"#),
            ("doorward_audit_event_actorId_at_idx", r#"("actorId", "at")"#),
            ("doorward_audit_event_at_idx", r#"("at")"#),
        ] {
            schema.index(TABLE, name, key).await?;
        }
        Ok(())
    }
}
