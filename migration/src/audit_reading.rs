//! Indexes by which the audit log is read: newest first, of one subject, actor, kind or outcome. They take the place of those
//! that do not have the id, by which events of one moment are in order.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};

use crate::schema::Schema;
use crate::step::Step;

const TABLE: &str = "doorward_audit_event";

pub(crate) struct AuditReading;

#[async_trait]
impl Step for AuditReading {
    fn name(&self) -> &'static str {
        "audit_reading"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        // Byte by byte, as SQLite compares.
        let bytes = if schema.backend() == DbBackend::Postgres {
            r#" COLLATE "C""#
        } else {
            ""
        };
        for (name, column) in [
            ("doorward_audit_event_subject_idx", r#""subjectId", "#),
            ("doorward_audit_event_actor_idx", r#""actorId", "#),
            ("doorward_audit_event_kind_idx", r#""kind", "#),
            ("doorward_audit_event_outcome_idx", r#""outcome", "#),
            ("doorward_audit_event_time_idx", ""),
        ] {
            let key = format!(r#"({column}"at", ("id"{bytes}))"#);
            schema.index(TABLE, name, &key).await?;
        }
        for name in ["subjectId_at", "actorId_at", "at"] {
            let drop = format!(r#"DROP INDEX IF EXISTS "doorward_audit_event_{name}_idx""#);
            schema.change(&drop).await?;
        }
        Ok(())
    }
}
