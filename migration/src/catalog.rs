//! What is in a database: questions to its catalog.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

/// How an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexState {
    Missing,
    /// Left by a build that did not end.
    Invalid,
    Built,
}

pub(crate) async fn rows<C: ConnectionTrait>(database: &C, query: &str) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_string(database.get_database_backend(), query);
    database.query_all_raw(statement).await
}

/// Whether a bare name means a table. The names here and below are ours or the operator's, and have no quotes.
pub(crate) async fn has_table<C: ConnectionTrait>(database: &C, table: &str) -> Result<bool, DbErr> {
    let query = match database.get_database_backend() {
        DbBackend::Postgres => {
            format!("SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass('\"{table}\"')")
        }
        _ => format!(
            "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND lower(name) = lower('{table}')"
        ),
    };
    rows(database, &query).await.map(|rows| !rows.is_empty())
}

pub(crate) async fn has_column<C: ConnectionTrait>(
    database: &C,
    table: &str,
    column: &str,
) -> Result<bool, DbErr> {
    let query = match database.get_database_backend() {
        DbBackend::Postgres => format!(
            "SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('\"{table}\"') AND attnum > 0
                AND NOT attisdropped AND attname = '{column}'"
        ),
        _ => format!("SELECT 1 FROM pragma_table_xinfo('{table}') WHERE lower(name) = lower('{column}')"),
    };
    rows(database, &query).await.map(|rows| !rows.is_empty())
}

pub(crate) async fn index_state<C: ConnectionTrait>(
    database: &C,
    table: &str,
    name: &str,
) -> Result<IndexState, DbErr> {
    let query = match database.get_database_backend() {
        DbBackend::Postgres => format!(
            "SELECT i.indisvalid AS valid FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = to_regclass('\"{table}\"') AND c.relname = '{name}'"
        ),
        _ => format!("SELECT 1 AS valid FROM pragma_index_list('{table}') WHERE lower(name) = lower('{name}')"),
    };
    Ok(match rows(database, &query).await?.first() {
        None => IndexState::Missing,
        Some(row) if row.try_get("", "valid")? => IndexState::Built,
        Some(_) => IndexState::Invalid,
    })
}
