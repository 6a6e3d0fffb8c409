//! The columns of Better Auth's admin plugin: roles, bans, and who impersonates whom.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::columns::{date, optional_flag, text};
use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct AdminColumns;

#[async_trait]
impl Step for AdminColumns {
    fn name(&self) -> &'static str {
        "admin_columns"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let backend = schema.backend();
        schema.add_column("user", "role", text("role")).await?;
        schema
            .add_column("user", "banned", optional_flag("banned", backend))
            .await?;
        schema.add_column("user", "banReason", text("banReason")).await?;
        schema
            .add_column("user", "banExpires", date("banExpires", backend))
            .await?;
        schema
            .add_column("session", "impersonatedBy", text("impersonatedBy"))
            .await
    }
}
