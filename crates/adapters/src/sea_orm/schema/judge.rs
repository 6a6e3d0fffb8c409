//! Compares what is there with what the repositories want.

use doorward_domain::fields::FieldKind;
use sea_orm::{DatabaseConnection, DbBackend, DbErr};

use super::catalog::{Found, Table, count, quoted, tables, unique_columns, value_kinds};
use super::expected::{self, Kind, LOOKALIKES, MADE_OPTIONAL, Origin, Wanted};
use super::indexes::{indexes, taken_name};
use super::rights::{missing_rights, rights_to_change};
use super::types::{called, fits, fits_value};
use super::{Changes, Finding, SchemaCheck, SchemaReport};

const OWN_TABLES: &str = "doorward_";
/// Better Auth's table that a step makes where it is missing. The limiter itself tries whether it can use it.
const RATE_LIMITS: &str = "rateLimit";

pub(super) async fn judge(
    database: &DatabaseConnection,
    check: &SchemaCheck<'_>,
) -> Result<SchemaReport, DbErr> {
    let backend = database.get_database_backend();
    let all = tables(database).await?;
    let mut findings = Vec::new();
    let expected = expected::tables();
    for (name, wanted) in &expected {
        let Some(table) = visible(&all, backend, name) else {
            continue;
        };
        let declared = declared(check, name);
        let before = findings.len();
        findings.extend(shape(backend, name, table, wanted, &declared));
        // Values of columns that are not as declared say nothing more.
        if backend == DbBackend::Sqlite && findings.len() == before {
            findings.extend(values(database, name, table, wanted).await?);
        }
    }
    let user = visible(&all, backend, "user");
    if let Some(user) = user {
        findings.extend(uniqueness(database, user).await?);
    } else if check.changes != Changes::BesideLookalikes {
        findings.extend(lookalikes(&all));
    }
    let indexes = indexes(database).await?;
    findings.extend(indexes.iter().filter_map(|index| taken_name(backend, index)));
    findings.extend(missing_rights(database).await?);
    if check.changes != Changes::Nothing {
        let wanted = expected::tables();
        let changed: Vec<_> = wanted
            .iter()
            .filter(|(name, wanted)| {
                visible(&all, backend, name)
                    .is_some_and(|table| is_changed(table, wanted, &declared(check, name)))
            })
            .map(|(name, _)| *name)
            .collect();
        findings.extend(rights_to_change(database, &changed, &indexes).await?);
    }
    let own = all
        .iter()
        .any(|table| table.is_visible && table.name == "doorward_migration");
    let is_other = |table: &&Table| {
        table.is_visible
            && !table.name.starts_with(OWN_TABLES)
            && table.name != RATE_LIMITS
            && !expected.iter().any(|(name, _)| *name == table.name)
    };
    Ok(SchemaReport {
        findings,
        is_taken_over: user.is_some() && !own,
        other_tables: all.iter().filter(is_other).count(),
    })
}

/// Whether columns are to be added, or one made optional.
fn is_changed(table: &Table, wanted: &[Wanted], declared: &[(&str, Kind)]) -> bool {
    let names = wanted.iter().filter(|want| want.is_made()).map(|want| want.name);
    let mut names = names.chain(declared.iter().map(|(name, _)| *name));
    names.any(|name| table.column(name).is_none())
        || table
            .column(MADE_OPTIONAL)
            .is_some_and(|column| column.is_required)
}

/// The table that a bare name means; SQLite takes upper and lower case for the same.
fn visible<'a>(tables: &'a [Table], backend: DbBackend, name: &str) -> Option<&'a Table> {
    tables.iter().find(|table| {
        table.is_visible
            && if backend == DbBackend::Sqlite {
                table.name.eq_ignore_ascii_case(name)
            } else {
                table.name == name
            }
    })
}

fn declared<'a>(check: &'a SchemaCheck<'_>, table: &str) -> Vec<(&'a str, Kind)> {
    let columns = match table {
        "user" => &check.extra.user[..],
        "session" => &check.extra.session,
        _ => &[],
    };
    let kind = |(name, kind): &'a (String, FieldKind)| {
        let kind = match kind {
            FieldKind::Text => Kind::Text,
            FieldKind::Number => Kind::Number,
            FieldKind::Bool => Kind::Bool,
            FieldKind::DateTime => Kind::Date,
        };
        (name.as_str(), kind)
    };
    columns.iter().map(kind).collect()
}

/// Missing columns, columns of another type, and mandatory ones that nobody fills.
fn shape(
    backend: DbBackend,
    name: &str,
    table: &Table,
    wanted: &[Wanted],
    declared: &[(&str, Kind)],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for want in wanted {
        match table.column(want.name) {
            None if want.must_exist() => findings.push(missing(backend, name, table, *want)),
            Some(found) if !fits(backend, want.name, want.kind, &found.kind) => {
                findings.push(another_type(backend, name, found, want.kind, want.origin));
            }
            Some(found) if found.is_required && want.may_be_null() => findings.push(Finding {
                table: name.to_owned(),
                column: Some(found.name.clone()),
                found: "NOT NULL".to_owned(),
                wanted: "a column that may be null".to_owned(),
                remedy: format!(
                    r#"ALTER TABLE "{name}" ALTER COLUMN {} DROP NOT NULL"#,
                    quoted(&found.name)
                ),
            }),
            _ => {}
        }
    }
    for found in &table.columns {
        if let Some((_, kind)) = declared.iter().find(|(name, _)| *name == found.name) {
            if !fits(backend, &found.name, *kind, &found.kind) {
                findings.push(another_type(backend, name, found, *kind, Origin::Added));
            }
        } else if found.is_required
            && !found.is_filled
            && !wanted.iter().any(|want| want.name == found.name)
            && !is_respelled(&found.name, wanted)
        {
            findings.push(unfilled(name, found));
        }
    }
    findings
}

/// Whether the column is one of ours in another spelling, which is told as missing already.
fn is_respelled(name: &str, wanted: &[Wanted]) -> bool {
    wanted.iter().any(|want| plain(want.name) == plain(name))
}

fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

fn missing(backend: DbBackend, name: &str, table: &Table, want: Wanted) -> Finding {
    let respelled = table
        .columns
        .iter()
        .find(|column| plain(&column.name) == plain(want.name));
    let (found, remedy) = match respelled {
        Some(column) => (
            column.name.clone(),
            format!(
                r#"this version reads Better Auth's own names only: ALTER TABLE "{name}" RENAME COLUMN {} TO "{}", and tell the ORM"#,
                quoted(&column.name),
                want.name
            ),
        ),
        None => (
            "no such column".to_owned(),
            "if it has another name here (`fields` of Better Auth), rename the column: names cannot be mapped in this version"
                .to_owned(),
        ),
    };
    Finding {
        table: name.to_owned(),
        column: Some(want.name.to_owned()),
        found,
        wanted: called(backend, want.kind).to_owned(),
        remedy,
    }
}

fn another_type(backend: DbBackend, name: &str, found: &Found, kind: Kind, origin: Origin) -> Finding {
    let column = quoted(&found.name);
    let is_core = matches!(origin, Origin::Core | Origin::CoreNullable);
    let remedy = match (kind, backend) {
        (Kind::Date, DbBackend::Postgres) if found.kind.starts_with("timestamp") => format!(
            r#"ALTER TABLE "{name}" ALTER COLUMN {column} TYPE timestamptz USING {column} AT TIME ZONE 'UTC', or the zone the \
old server's clock had"#
        )
        .replace("\\\n", ""),
        (Kind::Date, DbBackend::Sqlite) => format!(
            "dates have to be ISO text: write {column} anew with strftime('%Y-%m-%dT%H:%M:%fZ', …) in a column declared date"
        ),
        _ if !is_core => format!(
            r#"the name is taken by a column of another kind: ALTER TABLE "{name}" RENAME COLUMN {column} TO another name"#
        ),
        (Kind::Text, DbBackend::Postgres) => format!(
            r#"ALTER TABLE "{name}" ALTER COLUMN {column} TYPE text, with the foreign keys on it dropped and made anew"#
        ),
        _ => "copy the table into one that Better Auth's own migration makes".to_owned(),
    };
    Finding {
        table: name.to_owned(),
        column: Some(found.name.clone()),
        found: if found.kind.is_empty() {
            "no type".to_owned()
        } else {
            found.kind.clone()
        },
        wanted: called(backend, kind).to_owned(),
        remedy,
    }
}

fn unfilled(name: &str, found: &Found) -> Finding {
    let remedy = if matches!(name, "user" | "session") {
        format!(
            "declare it as [{name}.additional_fields.{}] with required or default_value, or give the column a default",
            found.name
        )
    } else {
        "give the column a default, or let it be null".to_owned()
    };
    Finding {
        table: name.to_owned(),
        column: Some(found.name.clone()),
        found: "NOT NULL without a default".to_owned(),
        wanted: "a column that somebody fills".to_owned(),
        remedy,
    }
}

/// What some rows hold, on SQLite.
async fn values(
    database: &DatabaseConnection,
    name: &str,
    table: &Table,
    wanted: &[Wanted],
) -> Result<Option<Finding>, DbErr> {
    let present: Vec<_> = wanted
        .iter()
        .filter(|want| table.column(want.name).is_some())
        .collect();
    let columns: Vec<_> = present
        .iter()
        .map(|want| (want.name, want.kind == Kind::Date))
        .collect();
    for kinds in value_kinds(database, name, &columns).await? {
        let mut cells = present.iter().zip(kinds);
        let misfit = cells.find(|(want, kind)| !fits_value(want.kind, kind));
        if let Some((want, kind)) = misfit {
            let found = Found {
                name: want.name.to_owned(),
                kind: format!("a row with {kind}"),
                is_required: false,
                is_filled: false,
            };
            return Ok(Some(another_type(
                DbBackend::Sqlite,
                name,
                &found,
                want.kind,
                want.origin,
            )));
        }
    }
    Ok(None)
}

/// The index that keeps addresses apart has to be there, and usernames must be fit for one.
async fn uniqueness(database: &DatabaseConnection, user: &Table) -> Result<Vec<Finding>, DbErr> {
    let unique = unique_columns(database).await?;
    let mut findings = Vec::new();
    let lacks = |column: &str| user.column(column).is_some() && !unique.iter().any(|name| name == column);
    if lacks("email") {
        findings.push(Finding {
            table: "user".to_owned(),
            column: Some("email".to_owned()),
            found: "no unique index".to_owned(),
            wanted: "a unique index".to_owned(),
            remedy: r#"CREATE UNIQUE INDEX "user_email_key" ON "user" ("email"), after merging users of one address"#
                .to_owned(),
        });
    }
    if lacks("username") {
        let twins = r#"SELECT count(*) FROM (SELECT 1 FROM "user" WHERE "username" IS NOT NULL
            GROUP BY "username" HAVING count(*) > 1 LIMIT 1) AS twins"#;
        if count(database, twins).await? > 0 {
            findings.push(Finding {
                table: "user".to_owned(),
                column: Some("username".to_owned()),
                found: "equal values".to_owned(),
                wanted: "a username that is one user's alone".to_owned(),
                remedy: r#"make them differ, or ALTER TABLE "user" RENAME COLUMN "username" TO another name"#
                    .to_owned(),
            });
        }
    }
    Ok(findings)
}

/// Tables that seem to be the four under other names. New ones beside them would be empty, and every browser signed out.
fn lookalikes(tables: &[Table]) -> Vec<Finding> {
    tables
        .iter()
        .filter_map(|table| likeness(table).map(|name| (table, name)))
        .map(|(table, name)| Finding {
            table: if table.is_visible {
                table.name.clone()
            } else {
                format!("{}.{}", table.schema, table.name)
            },
            column: None,
            found: format!("a table that looks like \"{name}\""),
            wanted: format!("\"{name}\" in the schema of the connection"),
            remedy: "rename it, or choose its schema in the URL with ?options=-csearch_path%3DNAME; \
                     if it is not Better Auth's, make new tables beside it with `doorward migrate --new-tables`"
                .to_owned(),
        })
        .collect()
}

/// Which of the four a table looks like.
fn likeness(table: &Table) -> Option<&'static str> {
    let plain_name = plain(&table.name);
    let (_, name) = LOOKALIKES.into_iter().find(|(alike, _)| *alike == plain_name)?;
    // A table that its bare name does not find counts if it is clearly Better Auth's.
    let is_like = if table.is_visible {
        table.name != name
    } else {
        name == "user"
            && table
                .columns
                .iter()
                .any(|column| plain(&column.name) == "emailverified")
    };
    is_like.then_some(name)
}
