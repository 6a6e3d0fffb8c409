//! What the role of the connection may do. PostgreSQL alone has roles.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::Finding;
use super::catalog::{quoted, rows};
use super::indexes::OwnIndex;
use crate::sea_orm::personal_data::{TABLES, TableRecord};

/// Our tables, which steps make where they are missing, and what the repositories do with them.
fn used() -> impl Iterator<Item = &'static TableRecord> {
    TABLES.iter().filter(|table| !table.rights.is_empty())
}

/// The rights on our tables that serving takes and the role lacks.
pub(super) async fn missing_rights<C: ConnectionTrait>(database: &C) -> Result<Vec<Finding>, DbErr> {
    if database.get_database_backend() != DbBackend::Postgres {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = used()
        .flat_map(|TableRecord { table, rights, .. }| {
            rights.iter().map(move |right| format!("('{table}', '{right}')"))
        })
        .collect();
    let query = format!(
        r#"
        SELECT c.relname::text AS "table", r.name AS "right", current_user::text AS "role"
        FROM pg_catalog.pg_class c
        JOIN (VALUES {}) AS r ("table", name) ON c.relname = r."table"
        WHERE c.relkind IN ('r', 'p', 'v', 'f') AND pg_table_is_visible(c.oid) AND NOT has_table_privilege(c.oid, r.name)
        ORDER BY c.relname, array_position(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], r.name)"#,
        wanted.join(", ")
    );
    let mut findings = Vec::new();
    for row in rows(database, &query).await? {
        let (table, right): (String, String) = (row.try_get("", "table")?, row.try_get("", "right")?);
        let role: String = row.try_get("", "role")?;
        findings.push(Finding {
            found: format!("no right to {right} for the role {role}"),
            wanted: right.clone(),
            remedy: format!("GRANT {right} ON {} TO {}", quoted(&table), quoted(&role)),
            table,
            column: None,
        });
    }
    Ok(findings)
}

/// What the role lacks to make what is missing: columns in the tables `changed`, indexes, and tables. Only an owner may change a
/// table or build an index on it.
pub(super) async fn rights_to_change<C: ConnectionTrait>(
    database: &C,
    changed: &[&str],
    indexes: &[OwnIndex],
) -> Result<Vec<Finding>, DbErr> {
    if database.get_database_backend() != DbBackend::Postgres {
        return Ok(Vec::new());
    }
    let made: Vec<_> = used().map(|made| format!("'{}'", made.table)).collect();
    let made = made.join(", ");
    let query = format!(
        r#"SELECT c.relname::text AS "table", n.nspname::text AS "schema", pg_get_userbyid(c.relowner)::text AS "owner",
            pg_has_role(c.relowner, 'USAGE') AS "is_owner", has_schema_privilege(n.oid, 'CREATE') AS "may_create",
            current_user::text AS "role"
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND c.relname IN ({made})
        ORDER BY c.relname"#
    );
    let mut findings = Vec::new();
    let mut tables = Vec::new();
    let mut closed = None;
    for row in rows(database, &query).await? {
        let table: String = row.try_get("", "table")?;
        let (schema, role): (String, String) = (row.try_get("", "schema")?, row.try_get("", "role")?);
        let (is_owner, may_create): (bool, bool) =
            (row.try_get("", "is_owner")?, row.try_get("", "may_create")?);
        let lacks_index = indexes
            .iter()
            .any(|index| index.table == table && index.is_missing());
        if lacks_index && !may_create {
            closed = Some((schema, role.clone()));
        }
        if (lacks_index || changed.contains(&&*table)) && !is_owner {
            let owner: String = row.try_get("", "owner")?;
            findings.push(Finding {
                table: table.clone(),
                column: None,
                found: format!("the owner {owner}"),
                wanted: format!("the role {role} as its owner, to add columns and indexes"),
                remedy: format!(
                    "ALTER TABLE {} OWNER TO {}, or run `doorward migrate` once as {owner}",
                    quoted(&table),
                    quoted(&role)
                ),
            });
        }
        tables.push(table);
    }
    if used().any(|made| !tables.iter().any(|table| table == made.table)) {
        let query = r#"SELECT coalesce(current_schema(), 'public')::text AS "schema", current_user::text AS "role",
            coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "may_create""#;
        for row in rows(database, query).await? {
            if !row.try_get::<bool>("", "may_create")? {
                closed = Some((row.try_get("", "schema")?, row.try_get("", "role")?));
            }
        }
    }
    findings.extend(closed.map(|(schema, role)| Finding {
        found: format!("no right to CREATE for the role {role}"),
        wanted: "CREATE, to make tables and indexes".to_owned(),
        remedy: format!(
            "GRANT USAGE, CREATE ON SCHEMA {} TO {}",
            quoted(&schema),
            quoted(&role)
        ),
        table: format!("schema {schema}"),
        column: None,
    }));
    Ok(findings)
}
