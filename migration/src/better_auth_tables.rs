//! The tables as Better Auth makes them. Those that exist are left as they are.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::sea_orm::sea_query::{
    ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index, IndexCreateStatement, Table,
    TableCreateStatement,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::columns::{date, flag, id, required_date, required_text, stamped_date, text};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "better_auth_tables"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let backend = schema.get_database_backend();
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
        for table in [user, session, account, verification] {
            schema.create_table(table).await?;
        }
        schema
            .create_index(index("session_userId_idx", "session", "userId"))
            .await?;
        schema
            .create_index(index("account_userId_idx", "account", "userId"))
            .await?;
        schema
            .create_index(index("verification_identifier_idx", "verification", "identifier"))
            .await
    }
}

fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).if_not_exists().take()
}

fn of_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "userId")
        .to("user", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

pub(crate) fn index(name: &'static str, table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(name)
        .table(table)
        .col(column)
        .if_not_exists()
        .take()
}
