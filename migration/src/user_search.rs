//! Indexes by which users are found and listed: by the beginning of the address or the name, and by when they came.
//!
//! PostgreSQL compares text by the rules of a language unless it is told otherwise; these compare byte by byte, as SQLite
//! does, so that a beginning is a range of the index and both databases have the same order.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};

use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct UserSearch;

#[async_trait]
impl Step for UserSearch {
    fn name(&self) -> &'static str {
        "user_search"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let is_postgres = schema.backend() == DbBackend::Postgres;
        let bytes = if is_postgres { r#" COLLATE "C""# } else { "" };
        // On SQLite the unique index on the address does.
        let by_email =
            is_postgres.then_some(("user_email_search_idx", r#"("email" COLLATE "C")"#.to_owned()));
        let others = [
            ("user_name_search_idx", format!(r#"lower("name"{bytes})"#)),
            ("user_createdAt_idx", r#""createdAt""#.to_owned()),
        ];
        for (name, key) in by_email.into_iter().chain(others) {
            let key = format!(r#"({key}, ("id"{bytes}))"#);
            schema.index("user", name, &key).await?;
        }
        Ok(())
    }
}
