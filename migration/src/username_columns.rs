//! The columns of Better Auth's username plugin.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::columns::text;
use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct UsernameColumns;

#[async_trait]
impl Step for UsernameColumns {
    fn name(&self) -> &'static str {
        "username_columns"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        schema.add_column("user", "username", text("username")).await?;
        schema
            .add_column("user", "displayUsername", text("displayUsername"))
            .await?;
        schema
            .unique_index("user", "user_username_key", r#"("username")"#)
            .await
    }
}
