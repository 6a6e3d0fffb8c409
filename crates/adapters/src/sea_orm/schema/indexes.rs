//! The indexes that steps build, and whose names others may have taken.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::Finding;
use super::catalog::{quoted, rows};

/// An index of ours, and what has its name.
#[derive(Clone, Debug)]
pub(super) struct OwnIndex {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    /// The table on which an index of that name is. Where something else has the name, that itself.
    on: Option<String>,
}

impl OwnIndex {
    /// Whether it is to be built.
    pub(super) fn is_missing(&self) -> bool {
        self.on.is_none()
    }
}

/// All indexes of ours.
pub(super) async fn indexes<C: ConnectionTrait>(database: &C) -> Result<Vec<OwnIndex>, DbErr> {
    let backend = database.get_database_backend();
    let wanted: Vec<_> = doorward_migration::indexes(backend).collect();
    let names: Vec<_> = wanted
        .iter()
        .map(|(table, name)| format!("('{table}', '{name}')"))
        .collect();
    let names = names.join(", ");
    // A name is unique within the schema of the table.
    let query = match backend {
        DbBackend::Postgres => format!(
            r#"SELECT w.name, coalesce(t.relname, c.relname)::text AS "on"
            FROM (VALUES {names}) AS w (owner, name) JOIN pg_catalog.pg_class c ON c.relname = w.name
                AND c.relnamespace = coalesce(
                    (SELECT o.relnamespace FROM pg_catalog.pg_class o WHERE o.oid = to_regclass(quote_ident(w.owner))),
                    (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = current_schema()))
            LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
            LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid"#
        ),
        _ => format!(
            r#"WITH w (owner, name) AS (VALUES {names})
            SELECT w.name, m.tbl_name AS "on" FROM w JOIN sqlite_master m ON lower(m.name) = lower(w.name)"#
        ),
    };
    let mut taken = Vec::new();
    for row in rows(database, &query).await? {
        let pair: (String, String) = (row.try_get("", "name")?, row.try_get("", "on")?);
        taken.push(pair);
    }
    let on = |name: &str| {
        let found = taken.iter().find(|(taken, _)| taken == name);
        found.map(|(_, on)| on.clone())
    };
    let index = |(table, name)| OwnIndex {
        table,
        name,
        on: on(name),
    };
    Ok(wanted.into_iter().map(index).collect())
}

/// That the name is taken by something that is not on our table.
pub(super) fn taken_name(backend: DbBackend, index: &OwnIndex) -> Option<Finding> {
    let (table, name) = (index.table, quoted(index.name));
    let on = index.on.as_ref().filter(|on| !on.eq_ignore_ascii_case(table))?;
    let remedy = match backend {
        DbBackend::Postgres => format!("the name is taken: ALTER INDEX {name} RENAME TO another name"),
        _ => format!("the name is taken: DROP INDEX {name}, and make it anew under another name"),
    };
    Some(Finding {
        table: table.to_owned(),
        column: None,
        found: format!("{name} on {}", quoted(on)),
        wanted: format!("an index {name} on {}", quoted(table)),
        remedy,
    })
}
