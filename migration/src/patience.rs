//! Waiting for locks on PostgreSQL. Whoever waits for a table makes everybody behind him wait, readers too; so nobody waits
//! for long, and those behind pass before the next attempt.

use std::time::Duration;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr, Statement, sqlx};

/// The longest wait for a lock in this transaction.
pub(crate) const LIMIT: &str = "SET LOCAL lock_timeout = '2s'";
/// How long those who waited behind have the tables to themselves.
const PAUSE: Duration = Duration::from_secs(1);
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>: `lock_not_available`.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Whether a lock was not to be had in time.
pub(crate) fn is_timeout(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    let sqlx::Error::Database(refusal) = &**cause else {
        return false;
    };
    refusal.code().is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}

/// Says who holds the tables, and pauses. Values in statements are people's data and are left out.
pub(crate) async fn pause(database: &DatabaseConnection) -> Result<(), DbErr> {
    let holders = r#"
        SELECT DISTINCT a.pid, left(regexp_replace(a.query, $q$'[^']*'$q$, '?', 'g'), 100) AS "query",
            extract(epoch FROM clock_timestamp() - a.xact_start)::bigint AS "seconds"
        FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_class c ON c.oid = l.relation
        WHERE l.granted AND l.locktype = 'relation' AND a.pid <> pg_backend_pid()
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND c.relname IN ('user', 'session', 'account', 'verification')"#;
    let statement = Statement::from_string(database.get_database_backend(), holders);
    for row in database.query_all_raw(statement).await? {
        let pid: i32 = row.try_get("", "pid")?;
        let query: Option<String> = row.try_get("", "query")?;
        let seconds: Option<i64> = row.try_get("", "seconds")?;
        tracing::warn!(pid, query, seconds, "the schema waits for a transaction to end");
    }
    tokio::time::sleep(PAUSE).await;
    Ok(())
}
