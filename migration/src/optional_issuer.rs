//! Better Auth 1.7.0 to 1.7.2 had a mandatory column `account.issuer`, which neither later versions nor Doorward fill.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};

use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct OptionalIssuer;

#[async_trait]
impl Step for OptionalIssuer {
    fn name(&self) -> &'static str {
        "optional_issuer"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        if !schema.has_column("account", "issuer").await? {
            return Ok(());
        }
        if schema.backend() == DbBackend::Sqlite {
            return replace_column(schema).await;
        }
        schema
            .change(r#"ALTER TABLE "account" ALTER COLUMN "issuer" DROP NOT NULL"#)
            .await
            .map(drop)
    }
}

/// SQLite cannot change a column, so an optional one takes its place, and the indexes on it are made anew.
async fn replace_column(schema: &Schema) -> Result<(), DbErr> {
    let indexes = indexes_on_issuer(schema).await?;
    for (name, _) in &indexes {
        schema
            .change(&format!(r#"DROP INDEX "{}""#, name.replace('"', "\"\"")))
            .await?;
    }
    let replace = r#"ALTER TABLE "account" RENAME COLUMN "issuer" TO "issuer_required";
        ALTER TABLE "account" ADD COLUMN "issuer" text;
        UPDATE "account" SET "issuer" = "issuer_required";
        ALTER TABLE "account" DROP COLUMN "issuer_required""#;
    schema.change(replace).await?;
    for (_, definition) in indexes {
        schema.change(&definition).await?;
    }
    Ok(())
}

/// Name and definition of the indexes that name the column.
async fn indexes_on_issuer(schema: &Schema) -> Result<Vec<(String, String)>, DbErr> {
    let select = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'account' AND sql LIKE '%issuer%'";
    let rows = schema.query(select).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "name")?, row.try_get("", "sql")?)))
        .collect()
}
