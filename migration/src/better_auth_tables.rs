//! The tables as Better Auth makes them. Those that exist are left as they are.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::{
    ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Table, TableCreateStatement,
};

use crate::columns::{date, flag, id, required_date, required_text, stamped_date, text};
use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct BetterAuthTables;

#[async_trait]
impl Step for BetterAuthTables {
    fn name(&self) -> &'static str {
        "better_auth_tables"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let backend = schema.backend();
        let user = table("user")
            .col(id())
            .col(required_text("name"))
            .col(required_text("email").unique_key())
            .col(flag("emailVerified", backend))
            .col(text("image"))
            .col(stamped_date("createdAt", backend))
            .col(stamped_date("updatedAt", backend))
            .take();
        let session = table("session")
            .col(id())
            .col(required_date("expiresAt", backend))
            .col(required_text("token").unique_key())
            .col(stamped_date("createdAt", backend))
            .col(required_date("updatedAt", backend))
            .col(text("ipAddress"))
            .col(text("userAgent"))
            .col(required_text("userId"))
            .foreign_key(&mut of_user("session"))
            .take();
        let account = table("account")
            .col(id())
            .col(required_text("accountId"))
            .col(required_text("providerId"))
            .col(required_text("userId"))
            .col(text("accessToken"))
            .col(text("refreshToken"))
            .col(text("idToken"))
            .col(date("accessTokenExpiresAt", backend))
            .col(date("refreshTokenExpiresAt", backend))
            .col(text("scope"))
            .col(text("password"))
            .col(stamped_date("createdAt", backend))
            .col(required_date("updatedAt", backend))
            .foreign_key(&mut of_user("account"))
            .take();
        let verification = table("verification")
            .col(id())
            .col(required_text("identifier"))
            .col(required_text("value"))
            .col(required_date("expiresAt", backend))
            .col(stamped_date("createdAt", backend))
            .col(stamped_date("updatedAt", backend))
            .take();
        for (name, table) in [
            ("user", user),
            ("session", session),
            ("account", account),
            ("verification", verification),
        ] {
            // Somewhere on the search path, not only where a new one would be made.
            if !schema.has_table(name).await? {
                schema.create_table(table).await?;
            }
        }
        for (table, name, key) in [
            ("session", "session_userId_idx", r#"("userId")"#),
            ("account", "account_userId_idx", r#"("userId")"#),
            ("verification", "verification_identifier_idx", r#"("identifier")"#),
        ] {
            schema.index(table, name, key).await?;
        }
        Ok(())
    }
}

fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

fn of_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "userId")
        .to("user", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
