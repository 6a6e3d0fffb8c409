//! Better Auth 1.7.0 to 1.7.2 had a mandatory column `account.issuer`, which neither later versions nor Doorward fill.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, Table};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::columns::text;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "optional_issuer"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        if !schema.has_column("account", "issuer").await? {
            return Ok(());
        }
        if schema.get_database_backend() == DbBackend::Sqlite {
            return replace_column(schema).await;
        }
        let drop_not_null = r#"ALTER TABLE "account" ALTER COLUMN "issuer" DROP NOT NULL"#;
        schema
            .get_connection()
            .execute_unprepared(drop_not_null)
            .await
            .map(drop)
    }
}

/// SQLite cannot change a column, so an optional one takes its place, and the indexes on it are made anew.
async fn replace_column(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let database = schema.get_connection();
    let indexes = indexes_on_issuer(schema).await?;
    for (name, _) in &indexes {
        database
            .execute_unprepared(&format!(r#"DROP INDEX "{}""#, name.replace('"', "\"\"")))
            .await?;
    }
    let rename = Table::alter()
        .table("account")
        .rename_column("issuer", "issuer_required")
        .take();
    schema.alter_table(rename).await?;
    schema
        .alter_table(Table::alter().table("account").add_column(text("issuer")).take())
        .await?;
    let copy = Query::update()
        .table("account")
        .value("issuer", Expr::col("issuer_required"))
        .take();
    database.execute(&copy).await?;
    schema
        .alter_table(
            Table::alter()
                .table("account")
                .drop_column("issuer_required")
                .take(),
        )
        .await?;
    for (_, definition) in indexes {
        database.execute_unprepared(&definition).await?;
    }
    Ok(())
}

/// Name and definition of the indexes that name the column.
async fn indexes_on_issuer(schema: &SchemaManager<'_>) -> Result<Vec<(String, String)>, DbErr> {
    let select = Query::select()
        .columns(["name", "sql"])
        .from(Alias::new("sqlite_master"))
        .and_where(Expr::col("type").eq("index"))
        .and_where(Expr::col("tbl_name").eq("account"))
        .and_where(Expr::col("sql").like("%issuer%"))
        .take();
    let rows = schema.get_connection().query_all(&select).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "name")?, row.try_get("", "sql")?)))
        .collect()
}
