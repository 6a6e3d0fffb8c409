//! Which declared types and stored values the repositories read and write rightly.

use sea_orm::DbBackend;

use super::expected::Kind;

/// The shortest `varchar` that holds an id, and the shortest for everything else.
const ID_LENGTH: u32 = 32;
const TEXT_LENGTH: u32 = 254;

/// Whether a column declared so holds what is wanted.
pub(super) fn fits(backend: DbBackend, name: &str, kind: Kind, declared: &str) -> bool {
    if backend == DbBackend::Postgres {
        fits_postgres(name, kind, declared)
    } else {
        fits_sqlite(kind, declared)
    }
}

fn fits_postgres(name: &str, kind: Kind, declared: &str) -> bool {
    match kind {
        Kind::Text => {
            let is_id = name == "id" || name.ends_with("Id") || name == "impersonatedBy";
            let shortest = if is_id { ID_LENGTH } else { TEXT_LENGTH };
            let length = declared
                .strip_prefix("character varying(")
                .and_then(|rest| rest.strip_suffix(')'))
                .and_then(|length| length.parse::<u32>().ok());
            matches!(declared, "text" | "character varying" | "citext")
                || length.is_some_and(|length| length >= shortest)
        }
        Kind::Number => matches!(declared, "integer" | "bigint"),
        Kind::Bool => declared == "boolean",
        Kind::Date => declared.starts_with("timestamp") && declared.ends_with("with time zone"),
    }
}

/// By the rules of affinity, <https://www.sqlite.org/datatype3.html>.
fn fits_sqlite(kind: Kind, declared: &str) -> bool {
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    let is_integer = has(&["int"]);
    let is_text = !is_integer && has(&["char", "clob", "text"]);
    let is_real = !is_integer && !is_text && has(&["real", "floa", "doub"]);
    match kind {
        Kind::Text => is_text || !(is_integer || is_real || has(&["num", "dec", "bool", "date", "time"])),
        Kind::Number => is_integer || has(&["num", "dec"]),
        Kind::Bool => is_integer || has(&["bool", "num"]),
        Kind::Date => !is_integer && !is_real && !has(&["num", "dec", "bool", "blob"]),
    }
}

/// Whether a value of SQLite, told by its `typeof`, is read as what is wanted.
pub(super) fn fits_value(kind: Kind, value: &str) -> bool {
    match kind {
        Kind::Text | Kind::Date => matches!(value, "text" | "null"),
        Kind::Number | Kind::Bool => matches!(value, "integer" | "null"),
    }
}

/// How the type is called.
pub(super) const fn called(backend: DbBackend, kind: Kind) -> &'static str {
    match (kind, backend) {
        (Kind::Text, _) => "text",
        (Kind::Number, _) => "integer",
        (Kind::Bool, DbBackend::Postgres) => "boolean",
        (Kind::Bool, _) => "integer with 0 or 1",
        (Kind::Date, DbBackend::Postgres) => "timestamptz",
        (Kind::Date, _) => "ISO text such as 2026-01-02T03:04:05.678Z",
    }
}
