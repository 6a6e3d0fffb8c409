//! What the database says of its own tables; nothing is written.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

/// A column as it is.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) name: String,
    /// As declared, in lower case, with a length where it has one.
    pub(super) kind: String,
    pub(super) is_required: bool,
    /// Whether the database fills it by itself.
    pub(super) is_filled: bool,
}

/// A table as it is.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
    /// Whether its bare name finds it.
    pub(super) is_visible: bool,
    pub(super) columns: Vec<Found>,
}

impl Table {
    pub(super) fn column(&self, name: &str) -> Option<&Found> {
        self.columns.iter().find(|column| column.name == name)
    }
}

const POSTGRES_COLUMNS: &str = r#"
    SELECT n.nspname::text AS "schema", c.relname::text AS "table", pg_table_is_visible(c.oid) AS "visible",
        a.attname::text AS "column", lower(format_type(a.atttypid, a.atttypmod)) AS "kind", a.attnotnull AS "required",
        (a.atthasdef OR a.attidentity <> '') AS "filled"
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname NOT LIKE 'pg\_t%'
    ORDER BY n.nspname, c.relname, a.attnum"#;

const SQLITE_COLUMNS: &str = r#"
    SELECT '' AS "schema", m.name AS "table", 1 AS "visible", p.name AS "column", lower(p.type) AS "kind",
        p."notnull" AS "required", (p.dflt_value IS NOT NULL OR p.hidden > 1) AS "filled"
    FROM sqlite_master m JOIN pragma_table_xinfo(m.name) p
    WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
    ORDER BY m.name, p.cid"#;

/// Every table with its columns.
pub(super) async fn tables<C: ConnectionTrait>(database: &C) -> Result<Vec<Table>, DbErr> {
    let query = match database.get_database_backend() {
        DbBackend::Postgres => POSTGRES_COLUMNS,
        _ => SQLITE_COLUMNS,
    };
    let mut tables: Vec<Table> = Vec::new();
    for row in rows(database, query).await? {
        let (schema, name): (String, String) = (row.try_get("", "schema")?, row.try_get("", "table")?);
        let is_another = tables
            .last()
            .is_none_or(|table| (&table.schema, &table.name) != (&schema, &name));
        if is_another {
            tables.push(Table {
                schema,
                name,
                is_visible: row.try_get("", "visible")?,
                columns: Vec::new(),
            });
        }
        let column = Found {
            name: row.try_get("", "column")?,
            kind: row.try_get("", "kind")?,
            is_required: row.try_get("", "required")?,
            is_filled: row.try_get("", "filled")?,
        };
        if let Some(table) = tables.last_mut() {
            table.columns.push(column);
        }
    }
    Ok(tables)
}

/// Whether the table that a bare name means has the column. The names are ours, never a client's.
pub(in crate::sea_orm) async fn has_column<C: ConnectionTrait>(
    database: &C,
    table: &'static str,
    column: &'static str,
) -> Result<bool, DbErr> {
    let query = match database.get_database_backend() {
        DbBackend::Postgres => format!(
            "SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('\"{table}\"') AND attnum > 0
                AND NOT attisdropped AND attname = '{column}'"
        ),
        _ => format!("SELECT count(*) FROM pragma_table_xinfo('{table}') WHERE name = '{column}'"),
    };
    count(database, &query).await.map(|number| number > 0)
}

/// The columns of `user` that are unique by themselves.
pub(super) async fn unique_columns<C: ConnectionTrait>(database: &C) -> Result<Vec<String>, DbErr> {
    let query = match database.get_database_backend() {
        DbBackend::Postgres => {
            r#"SELECT coalesce(a.attname::text, substring(pg_get_expr(i.indexprs, i.indrelid) FROM 'lower\("?(\w+)"?'),
                    '') AS "column"
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
            WHERE c.relname = 'user' AND pg_table_is_visible(c.oid) AND i.indisunique AND i.indisvalid
                AND i.indpred IS NULL AND i.indnkeyatts = 1"#
        }
        _ => {
            r#"SELECT coalesce(max(x.name), '') AS "column"
            FROM pragma_index_list('user') l JOIN pragma_index_info(l.name) x
            WHERE l."unique" = 1 AND l.partial = 0 GROUP BY l.name HAVING count(*) = 1"#
        }
    };
    let rows = rows(database, query).await?;
    rows.iter().map(|row| row.try_get("", "column")).collect()
}

/// What `typeof` says of these columns in some rows of a table of SQLite, whose declarations bind nobody: a text of each
/// column by its place. A date in text that is not ISO is told as `text without T`.
pub(super) async fn value_kinds<C: ConnectionTrait>(
    database: &C,
    table: &str,
    columns: &[(&str, bool)],
) -> Result<Vec<Vec<String>>, DbErr> {
    let kinds: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(place, (name, is_date))| {
            let name = quoted(name);
            if *is_date {
                format!(
                    "CASE WHEN typeof({name}) = 'text' AND {name} NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*' \
                     THEN 'text without T' ELSE typeof({name}) END AS k{place}"
                )
            } else {
                format!("typeof({name}) AS k{place}")
            }
        })
        .collect();
    let (table, kinds) = (quoted(table), kinds.join(", "));
    let query = format!(
        r#"SELECT {kinds} FROM (
            SELECT * FROM (SELECT * FROM {table} ORDER BY "id" LIMIT 5)
            UNION ALL SELECT * FROM (SELECT * FROM {table} ORDER BY "id" DESC LIMIT 5))"#
    );
    let rows = rows(database, &query).await?;
    rows.iter()
        .map(|row| {
            (0..columns.len())
                .map(|place| row.try_get("", &format!("k{place}")))
                .collect()
        })
        .collect()
}

/// The answer to a query that counts.
pub(super) async fn count<C: ConnectionTrait>(database: &C, query: &str) -> Result<u64, DbErr> {
    let row = rows(database, query).await?.into_iter().next();
    let number: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(number.unsigned_abs())
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) async fn rows<C: ConnectionTrait>(database: &C, query: &str) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_string(database.get_database_backend(), query);
    database.query_all_raw(statement).await
}
