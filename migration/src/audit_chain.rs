//! The chain of audit events: what shows that an event is as the server wrote it, and how far the chain reaches.
//!
//! Events of before have no proof until they are sealed.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};
use sea_orm_migration::sea_orm::{DbBackend, DbErr};

use crate::columns::{id, required_text, text};
use crate::schema::Schema;
use crate::step::Step;

const TABLE: &str = "doorward_audit_event";

pub(crate) struct AuditChain;

#[async_trait]
impl Step for AuditChain {
    fn name(&self) -> &'static str {
        "audit_chain"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        for name in ["salt", "commitment", "signature", "seal"] {
            schema.add_column(TABLE, name, text(name)).await?;
        }
        schema.add_column(TABLE, "seq", number("seq")).await?;
        let chain = Table::create()
            .table("doorward_audit_chain")
            .col(id())
            .col(number("beginSeq").not_null().take())
            .col(required_text("beginSeal"))
            .col(number("endSeq").not_null().take())
            .col(required_text("endSeal"))
            .col(number("unsignedUntil"))
            .col(required_text("signature"))
            .take();
        schema.create_table(chain).await?;
        schema
            .unique_index(TABLE, "doorward_audit_event_seq_key", r#"("seq")"#)
            .await?;
        // Byte by byte, as SQLite compares.
        let bytes = if schema.backend() == DbBackend::Postgres {
            r#" COLLATE "C""#
        } else {
            ""
        };
        let unsealed = format!(r#"("at", ("id"{bytes})) WHERE "seq" IS NULL"#);
        schema
            .index(TABLE, "doorward_audit_event_unsealed_idx", &unsealed)
            .await
    }
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().take()
}
