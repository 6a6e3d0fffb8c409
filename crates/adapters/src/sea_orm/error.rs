use std::borrow::Cow;

use doorward_domain::{Constraint, StoreError};
pub use doorward_migration::DriverError;
pub(super) use doorward_migration::refusal;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// What a failed statement means to a use-case.
pub(super) fn store_error(error: DbErr) -> StoreError {
    if let Some(refusal) = refusal(&error)
        && refusal.is_unique_violation()
    {
        return StoreError::Conflict(constraint(refusal));
    }
    // A server that ran cannot connect any more: whatever the cause, it passes when others mend it.
    let lost_its_file = || {
        refusal(&error)
            .and_then(DatabaseError::code)
            .is_some_and(is_lost_file)
    };
    if matches!(error, DbErr::Conn(_)) || is_unavailable(&error) || lost_its_file() {
        StoreError::Unavailable(Box::new(DriverError::from(error)))
    } else {
        StoreError::Failed(Box::new(DriverError::from(error)))
    }
}

/// Which value is taken. By the columns and not by the name of the index: a database that others made has names of its own.
fn constraint(refusal: &dyn DatabaseError) -> Constraint {
    // SQLite names the columns (`UNIQUE constraint failed: user.email`), or an index of expressions. PostgreSQL says
    // `Key (lower(email))=(…) already exists.`, in the language of the server, unless the role may not read the table.
    let postgres = refusal.try_downcast_ref::<PgDatabaseError>();
    let columns = postgres.and_then(|refusal| {
        let (table, (key, _)) = (refusal.table()?, refusal.detail()?.split_once(")=(")?);
        Some((table, key.split_once('(')?.1))
    });
    let named = refusal.constraint().unwrap_or_else(|| refusal.message());
    let has = |name: &str| {
        columns.map_or_else(
            || named.contains(&format!("user.{name}")) || named.contains(&format!("user_{name}")),
            |(table, key)| table == "user" && words(key).any(|word| word == name),
        )
    };
    if has("email") {
        Constraint::UserEmail
    } else if has("username") {
        Constraint::Username
    } else {
        Constraint::Other
    }
}

fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Whether a row of another table holds the one that was to be removed: a foreign key without `CASCADE`, or a trigger.
pub(super) fn is_held(error: &DbErr) -> bool {
    // PostgreSQL: foreign_key_violation, restrict_violation; SQLite: CONSTRAINT_FOREIGNKEY, CONSTRAINT_TRIGGER.
    let held = ["23503", "23001", "787", "1811"];
    let code = refusal(error).and_then(DatabaseError::code);
    code.is_some_and(|code| held.contains(&&*code))
}

/// Whether the database is out of reach or out of capacity, so that trying again may help.
pub(super) fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::Internal(_)) => true,
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => is_out_of_reach(cause),
        _ => false,
    }
}

/// The same of the driver's own error.
pub(super) fn is_out_of_reach(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        // A balancer that accepts and closes, or speaks of something else.
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(is_passing),
        _ => false,
    }
}

/// Whether the code says that the database has no capacity now. Five characters: PostgreSQL's, from
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>; else SQLite's, a number whose lowest byte is the kind,
/// from <https://www.sqlite.org/rescode.html>.
#[expect(clippy::needless_pass_by_value, reason = "the driver gives it so")]
fn is_passing(code: Cow<'_, str>) -> bool {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const FULL: u32 = 13;
    if code.len() == 5 {
        // Out of resources; shutting down or starting up; the connection broke; a deadlock was resolved; a lock, a statement
        // or a transaction took too long; the
        // server became one that only reads.
        return code.starts_with("53")
            || code.starts_with("57P")
            || code.starts_with("08")
            || ["40P01", "55P03", "57014", "25P03", "25006"].contains(&&*code);
    }
    let kind = code.parse::<u32>().map(|code| code & 0xff);
    kind.is_ok_and(|kind| matches!(kind, BUSY | LOCKED | FULL))
}

/// Whether SQLite says that it cannot reach its file any more: read-only now, a disk that fails, a file that cannot be opened.
/// A server that ran waits until others mended that; a start with such a file gives up.
#[expect(clippy::needless_pass_by_value, reason = "the driver gives it so")]
fn is_lost_file(code: Cow<'_, str>) -> bool {
    const READONLY: u32 = 8;
    const IOERR: u32 = 10;
    const CANTOPEN: u32 = 14;
    let kind = code.parse::<u32>().map(|code| code & 0xff);
    code.len() < 5 && kind.is_ok_and(|kind| matches!(kind, READONLY | IOERR | CANTOPEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn re_5_a_file_that_sqlite_lost_is_told_from_errors_of_ours() {
        for code in ["8", "1032", "10", "522", "266", "14", "526"] {
            assert!(is_lost_file(code.into()), "{code}");
        }
        for code in ["1", "5", "13", "19", "2067", "26", "08006", "23505", ""] {
            assert!(!is_lost_file(code.into()), "{code}");
        }
    }

    #[test]
    fn codes_that_pass_are_told_from_those_that_stay() {
        for code in [
            "5", "517", "6", "262", "13", "53300", "53100", "57P01", "57P03", "08006", "40P01", "55P03",
            "57014", "25P03",
        ] {
            assert!(is_passing(code.into()), "{code}");
        }
        for code in [
            "1", "14", "19", "2067", "26", "28P01", "3D000", "42601", "23505", "23503", "",
        ] {
            assert!(!is_passing(code.into()), "{code}");
        }
    }

    #[test]
    fn re_6_a_pool_without_free_connections_is_unavailable() {
        let error = DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::PoolTimedOut.into()));
        assert!(matches!(store_error(error), StoreError::Unavailable(_)));
        let closed = || sqlx::Error::Protocol("unexpected response from SSLRequest".to_owned());
        assert!(is_out_of_reach(&closed()));
        let error = DbErr::Conn(RuntimeErr::SqlxError(closed().into()));
        assert!(matches!(store_error(error), StoreError::Unavailable(_)));
        let tls = sqlx::Error::Tls("the certificate ran out".into());
        let error = DbErr::Conn(RuntimeErr::SqlxError(tls.into()));
        assert!(!is_unavailable(&error), "a start gives up");
        assert!(matches!(store_error(error), StoreError::Unavailable(_)));
        let error = DbErr::Query(RuntimeErr::SqlxError(sqlx::Error::RowNotFound.into()));
        assert!(matches!(store_error(error), StoreError::Failed(_)));
    }
}
