//! Better Auth's table of rate limits, which `rate_limit.storage = "database"` uses. One that exists is kept; those of earlier
//! versions do not keep keys apart, which counting in one statement takes.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};
use sea_orm_migration::sea_orm::{DbBackend, DbErr};

use crate::columns::{id, required_text};
use crate::schema::Schema;
use crate::step::Step;

const TABLE: &str = "rateLimit";
const COLUMNS: [&str; 4] = ["id", "key", "count", "lastRequest"];

pub(crate) struct RateLimit;

#[async_trait]
impl Step for RateLimit {
    fn name(&self) -> &'static str {
        "rate_limit"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        if !schema.has_table(TABLE).await? {
            let table = Table::create()
                .table(TABLE)
                .col(id())
                .col(required_text("key").unique_key())
                .col(ColumnDef::new("count").integer().not_null())
                .col(ColumnDef::new("lastRequest").big_integer().not_null())
                .take();
            return schema.create_table(table).await;
        }
        for column in COLUMNS {
            if !schema.has_column(TABLE, column).await? {
                // Another table of that name, which is not ours to change.
                return Ok(());
            }
        }
        if has_unique_key(schema).await? {
            return Ok(());
        }
        // What is counted is worth nothing after some seconds; of two rows with one key neither is right.
        schema.change(r#"DELETE FROM "rateLimit""#).await?;
        schema
            .unique_index(TABLE, "rateLimit_key_uidx", r#"("key")"#)
            .await
    }
}

async fn has_unique_key(schema: &Schema) -> Result<bool, DbErr> {
    let query = match schema.backend() {
        DbBackend::Postgres => {
            r#"SELECT 1 FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = to_regclass('"rateLimit"') AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                AND i.indnkeyatts = 1 AND a.attname = 'key'"#
        }
        _ => {
            r#"SELECT 1 FROM pragma_index_list('rateLimit') l JOIN pragma_index_info(l.name) x
            WHERE l."unique" = 1 AND l.partial = 0 GROUP BY l.name HAVING count(*) = 1 AND max(x.name) = 'key'"#
        }
    };
    schema.query(query).await.map(|rows| !rows.is_empty())
}
