//! Where the username of a deleted user is kept, so that somebody else can have it.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::columns::text;
use crate::schema::Schema;
use crate::step::Step;

/// So many rows are locked at a time.
const BATCH: u32 = 500;

pub(crate) struct DeletedUsername;

#[async_trait]
impl Step for DeletedUsername {
    fn name(&self) -> &'static str {
        "deleted_username"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        schema
            .add_column("user", "deletedUsername", text("deletedUsername"))
            .await?;
        // `deletedAt` alone may be a team's own; with the address set aside it is ours.
        let free = format!(
            r#"UPDATE "user" SET "deletedUsername" = "username", "username" = NULL WHERE "id" IN (
                SELECT "id" FROM "user" WHERE "deletedAt" IS NOT NULL AND "deletedEmail" IS NOT NULL
                    AND "username" IS NOT NULL LIMIT {BATCH})"#
        );
        while schema.change(&free).await? > 0 {}
        Ok(())
    }
}
