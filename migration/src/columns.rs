//! Columns in the types Better Auth gives them, which on SQLite are not those sea-query would choose.

use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_orm::sea_query::{ColumnDef, Expr};

/// `text`, for ids, too.
pub(crate) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

pub(crate) fn required_text(name: &'static str) -> ColumnDef {
    text(name).not_null().take()
}

pub(crate) fn id() -> ColumnDef {
    required_text("id").primary_key().take()
}

/// A moment: `timestamptz`, or on SQLite ISO text in a column of type `date`.
pub(crate) fn date(name: &'static str, backend: DbBackend) -> ColumnDef {
    let kind = if backend == DbBackend::Sqlite {
        "date"
    } else {
        "timestamptz"
    };
    ColumnDef::new(name).custom(kind).take()
}

pub(crate) fn required_date(name: &'static str, backend: DbBackend) -> ColumnDef {
    date(name, backend).not_null().take()
}

/// A moment that PostgreSQL fills in by itself.
pub(crate) fn stamped_date(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut column = required_date(name, backend);
    if backend == DbBackend::Postgres {
        column.default(Expr::current_timestamp());
    }
    column
}

/// A flag that may be absent: `boolean`, or on SQLite `integer`.
pub(crate) fn optional_flag(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    if backend == DbBackend::Sqlite {
        column.integer();
    } else {
        column.boolean();
    }
    column.take()
}

/// A flag that is false at first: `boolean`, or on SQLite `integer`.
pub(crate) fn flag(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    if backend == DbBackend::Sqlite {
        column.integer().default(0);
    } else {
        column.boolean().default(false);
    }
    column.not_null().take()
}
