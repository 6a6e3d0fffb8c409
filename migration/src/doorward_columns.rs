//! What Doorward adds to the tables: soft deletion, when a session was taken over from Better Auth, whom a verification
//! is about, and the indexes of the sweeps.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::columns::{date, text};
use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct DoorwardColumns;

#[async_trait]
impl Step for DoorwardColumns {
    fn name(&self) -> &'static str {
        "doorward_columns"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let backend = schema.backend();
        schema
            .add_column("user", "deletedAt", date("deletedAt", backend))
            .await?;
        schema
            .add_column("user", "deletedEmail", text("deletedEmail"))
            .await?;
        schema
            .add_column("session", "adoptedAt", date("adoptedAt", backend))
            .await?;
        schema
            .add_column("verification", "userId", text("userId"))
            .await?;
        for (table, name, key) in [
            // Of the deleted alone: that nobody is deleted must not look like a good way to find the others.
            (
                "user",
                "user_deletedAt_idx",
                r#"("deletedAt") WHERE "deletedAt" IS NOT NULL"#,
            ),
            ("session", "session_expiresAt_idx", r#"("expiresAt")"#),
            ("verification", "verification_expiresAt_idx", r#"("expiresAt")"#),
            ("verification", "verification_userId_idx", r#"("userId")"#),
        ] {
            schema.index(table, name, key).await?;
        }
        Ok(())
    }
}
