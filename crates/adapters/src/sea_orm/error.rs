use std::borrow::Cow;

use doorward_domain::{Constraint, StoreError};
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// What a failed statement means to a use-case.
pub(super) fn store_error(error: DbErr) -> StoreError {
    if let Some(SqlErr::UniqueConstraintViolation(text)) = error.sql_err() {
        // SQLite names the column (`user.email`), PostgreSQL the index (`user_email_key`).
        let on_email = text.contains("user.email") || text.contains("user_email");
        let on_username = text.contains("user.username") || text.contains("user_username");
        return StoreError::Conflict(match (on_email, on_username) {
            (true, _) => Constraint::UserEmail,
            (false, true) => Constraint::Username,
            (false, false) => Constraint::Other,
        });
    }
    if is_unavailable(&error) {
        StoreError::Unavailable(Box::new(error))
    } else {
        StoreError::Failed(Box::new(error))
    }
}

/// Whether the database is out of reach or out of capacity, so that trying again may help.
pub(super) fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
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
        // Out of resources; shutting down or starting up; the connection broke; a deadlock was resolved.
        return code.starts_with("53")
            || code.starts_with("57P")
            || code.starts_with("08")
            || code == "40P01";
    }
    let kind = code.parse::<u32>().map(|code| code & 0xff);
    kind.is_ok_and(|kind| matches!(kind, BUSY | LOCKED | FULL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_pass_are_told_from_those_that_stay() {
        for code in [
            "5", "517", "6", "262", "13", "53300", "53100", "57P01", "57P03", "08006", "40P01",
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
        let error = DbErr::Query(RuntimeErr::SqlxError(sqlx::Error::RowNotFound.into()));
        assert!(matches!(store_error(error), StoreError::Failed(_)));
    }
}
