//! The browsers in which users have signed in. A user's go with the user.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::{ForeignKey, ForeignKeyAction, Table};

use crate::columns::{id, required_date, required_text};
use crate::schema::Schema;
use crate::step::Step;

const TABLE: &str = "doorward_device";

pub(crate) struct Device;

#[async_trait]
impl Step for Device {
    fn name(&self) -> &'static str {
        "device"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let backend = schema.backend();
        let mut of_user = ForeignKey::create()
            .from(TABLE, "userId")
            .to("user", "id")
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let device = Table::create()
            .table(TABLE)
            .col(id())
            .col(required_text("userId"))
            .col(required_text("digest"))
            .col(required_date("firstSeen", backend))
            .col(required_date("lastSeen", backend))
            .foreign_key(&mut of_user)
            .take();
        schema.create_table(device).await?;
        let key = r#"("userId", "digest")"#;
        schema
            .unique_index(TABLE, "doorward_device_userId_digest_key", key)
            .await?;
        schema
            .index(TABLE, "doorward_device_lastSeen_idx", r#"("lastSeen")"#)
            .await
    }
}
