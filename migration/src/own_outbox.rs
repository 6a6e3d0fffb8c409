//! The outbox gets a name of Doorward's own: `outbox` is one that teams use for theirs.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::outbox::{COLUMNS, INDEX, KEY, TABLE, create};
use crate::schema::Schema;
use crate::step::Step;

/// As an earlier version called it.
const OLD_TABLE: &str = "outbox";

pub(crate) struct OwnOutbox;

#[async_trait]
impl Step for OwnOutbox {
    fn name(&self) -> &'static str {
        "own_outbox"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        // Where the step `outbox` was just taken, it made the table under its new name.
        if !schema.has_table(TABLE).await? {
            if !is_ours(schema).await? {
                return create(schema).await;
            }
            let rename = format!(
                r#"ALTER TABLE "{OLD_TABLE}" RENAME TO "{TABLE}"; DROP INDEX IF EXISTS "outbox_dueAt_idx""#
            );
            schema.change(&rename).await?;
        }
        schema.index(TABLE, INDEX, KEY).await
    }
}

/// Whether the old table has our columns. That it is ours the book says, which has the step that made it.
async fn is_ours(schema: &Schema) -> Result<bool, DbErr> {
    for column in COLUMNS {
        if !schema.has_column(OLD_TABLE, column).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
