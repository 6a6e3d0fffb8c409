//! An index of the audit events of administrators who impersonate somebody. Of these alone: they are few.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct AuditImpersonator;

#[async_trait]
impl Step for AuditImpersonator {
    fn name(&self) -> &'static str {
        "audit_impersonator"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let key = r#"("impersonatedBy", "at") WHERE "impersonatedBy" IS NOT NULL"#;
        let name = "doorward_audit_event_impersonatedBy_at_idx";
        schema.index("doorward_audit_event", name, key).await
    }
}
