//! Better Auth's table of rate limits, which `rate_limit.storage = "database"` uses. One that exists is kept; those of earlier
//! versions do not keep keys apart, which counting in one statement takes.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};
use sea_orm_migration::sea_orm::sqlx::error::DatabaseError;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};

use crate::columns::{id, required_text};
use crate::driver_error::refusal;
use crate::schema::Schema;
use crate::step::Step;

const TABLE: &str = "rateLimit";
const COLUMNS: [&str; 4] = ["id", "key", "count", "lastRequest"];
/// How often the index is tried to be built.
const ROUNDS: u32 = 10;
/// Some of the rows of a key but the last, so that no lock is held for long. What they count is worth nothing after some seconds.
const REMOVE_DUPLICATES: &str = r#"DELETE FROM "rateLimit" WHERE "id" IN (
    SELECT "id" FROM (
        SELECT "id", row_number() OVER (PARTITION BY "key" ORDER BY "lastRequest" DESC, "id") AS place FROM "rateLimit"
    ) AS rows WHERE place > 1 LIMIT 1000)"#;

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
        match keep_keys_apart(schema).await {
            // Nobody has to count in this table, so it keeps no server from starting. One that is to count there tries it first.
            Err(error) if refusal(&error).is_some() => {
                tracing::warn!(%error, "the table rateLimit stays without a unique key; requests cannot be counted there");
                Ok(())
            }
            outcome => outcome,
        }
    }
}

/// Better Auth may go on counting meanwhile, and write a key twice again before there is an index.
async fn keep_keys_apart(schema: &Schema) -> Result<(), DbErr> {
    let mut round = 1;
    loop {
        while schema.change(REMOVE_DUPLICATES).await? > 0 {}
        let outcome = schema
            .unique_index(TABLE, "rateLimit_key_uidx", r#"("key")"#)
            .await;
        match outcome {
            Err(error) if round < ROUNDS && is_duplicate(&error) => round += 1,
            outcome => return outcome,
        }
    }
}

fn is_duplicate(error: &DbErr) -> bool {
    refusal(error).is_some_and(DatabaseError::is_unique_violation)
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
