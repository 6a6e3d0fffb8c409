//! What was spent of budgets of attempts and emails. Whose a row is, only a digest tells.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};

use crate::columns::{id, required_date, required_text};
use crate::schema::Schema;
use crate::step::Step;

const TABLE: &str = "doorward_budget";

pub(crate) struct Budget;

#[async_trait]
impl Step for Budget {
    fn name(&self) -> &'static str {
        "budget"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let backend = schema.backend();
        let budget = Table::create()
            .table(TABLE)
            .col(id())
            .col(required_text("owner"))
            .col(ColumnDef::new("used").integer().not_null())
            .col(required_date("notBefore", backend))
            .col(required_date("expiresAt", backend))
            .take();
        schema.create_table(budget).await?;
        for (name, key) in [
            ("doorward_budget_owner_idx", r#"("owner")"#),
            ("doorward_budget_expiresAt_idx", r#"("expiresAt")"#),
        ] {
            schema.index(TABLE, name, key).await?;
        }
        Ok(())
    }
}
