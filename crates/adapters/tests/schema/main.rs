//! What is refused before it is touched: tables as other ORMs and other versions make them.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod personal_data;
mod rights;
mod second_factor;

use std::fs;

use doorward_adapters::sea_orm::schema::{
    Changes, Finding, SchemaCheck, SchemaError, WithoutPassword, enrolled_second_factors,
    users_without_password,
};
use doorward_adapters::sea_orm::{ConnectOptions, ExtraColumns, SeaStore};
use doorward_domain::Secret;
use doorward_domain::fields::FieldKind;
use doorward_testing::TestDatabase;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

async fn databases() -> Vec<TestDatabase> {
    let both = [Some(TestDatabase::sqlite()), TestDatabase::postgres().await];
    both.into_iter().flatten().collect()
}

/// Better Auth's tables, without rows.
fn better_auth(backend: DbBackend) -> String {
    let (date, flag) = match backend {
        DbBackend::Sqlite => ("date", "integer"),
        _ => ("timestamptz", "boolean"),
    };
    format!(
        r#"CREATE TABLE "user" ("id" text NOT NULL PRIMARY KEY, "name" text NOT NULL, "email" text NOT NULL UNIQUE,
            "emailVerified" {flag} NOT NULL, "image" text, "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL);
        CREATE TABLE "session" ("id" text NOT NULL PRIMARY KEY, "expiresAt" {date} NOT NULL, "token" text NOT NULL UNIQUE,
            "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL, "ipAddress" text, "userAgent" text,
            "userId" text NOT NULL);
        CREATE TABLE "account" ("id" text NOT NULL PRIMARY KEY, "accountId" text NOT NULL, "providerId" text NOT NULL,
            "userId" text NOT NULL, "accessToken" text, "refreshToken" text, "idToken" text,
            "accessTokenExpiresAt" {date}, "refreshTokenExpiresAt" {date}, "scope" text, "password" text,
            "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL);
        CREATE TABLE "verification" ("id" text NOT NULL PRIMARY KEY, "identifier" text NOT NULL, "value" text NOT NULL,
            "expiresAt" {date} NOT NULL, "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL);"#
    )
}

async fn run(database: &DatabaseConnection, script: &str) {
    database.execute_unprepared(script).await.unwrap();
}

async fn findings(database: &DatabaseConnection) -> Vec<Finding> {
    let extra = ExtraColumns::default();
    let check = SchemaCheck {
        extra: &extra,
        changes: Changes::Missing,
    };
    check.look(database).await.unwrap().findings
}

fn labels(findings: &[Finding]) -> Vec<String> {
    let label = |finding: &Finding| match &finding.column {
        Some(column) => format!("{}.{column}: {}", finding.table, finding.found),
        None => format!("{}: {}", finding.table, finding.found),
    };
    findings.iter().map(label).collect()
}

async fn text(database: &DatabaseConnection, query: &str) -> String {
    let statement = Statement::from_string(database.get_database_backend(), query);
    let row = database.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn an_empty_database_better_auth_s_and_our_own_fit() {
    for test in databases().await {
        let database = test.connection().await;
        assert_eq!(findings(&database).await, []);
        run(&database, &better_auth(database.get_database_backend())).await;
        run(&database, r#"CREATE TABLE "invoices" ("id" integer)"#).await;
        let extra = ExtraColumns::default();
        let check = SchemaCheck {
            extra: &extra,
            changes: Changes::Missing,
        };
        let report = check.require(&database).await.unwrap();
        assert!(report.is_taken_over && report.other_tables == 1, "{report:?}");
        SeaStore::new(database.clone()).migrate().await.unwrap();
        let report = check.require(&database).await.unwrap();
        assert!(!report.is_taken_over, "{report:?}");
    }
}

/// A change to Better Auth's tables, and what is found then. The first word of the change is the database it is about.
#[tokio::test]
async fn c5_h1_h3_what_would_be_misread_is_named() {
    let cases = [
        // Drizzle and Prisma on PostgreSQL, and Better Auth's own migrations up to 1.3.
        (
            "postgres",
            r#"ALTER TABLE "session" ALTER COLUMN "expiresAt" TYPE timestamp(3)"#,
            "session.expiresAt: timestamp(3) without time zone",
        ),
        // generateId: "uuid", and "serial".
        (
            "postgres",
            r#"ALTER TABLE "user" ALTER COLUMN "id" TYPE uuid USING "id"::uuid"#,
            "user.id: uuid",
        ),
        (
            "postgres",
            r#"ALTER TABLE "account" ALTER COLUMN "userId" TYPE integer USING "userId"::integer"#,
            "account.userId: integer",
        ),
        (
            "postgres",
            r#"ALTER TABLE "session" ALTER COLUMN "ipAddress" TYPE inet USING "ipAddress"::inet"#,
            "session.ipAddress: inet",
        ),
        (
            "postgres",
            r#"ALTER TABLE "user" ALTER COLUMN "id" TYPE varchar(21)"#,
            "user.id: character varying(21)",
        ),
        (
            "postgres",
            r#"CREATE TYPE rank AS ENUM ('a'); ALTER TABLE "user" ADD COLUMN "role" rank"#,
            "user.role: rank",
        ),
        // Drizzle and Prisma on SQLite.
        (
            "sqlite",
            r#"ALTER TABLE "session" DROP COLUMN "expiresAt";
            ALTER TABLE "session" ADD COLUMN "expiresAt" integer NOT NULL DEFAULT 0"#,
            "session.expiresAt: integer",
        ),
        (
            "sqlite",
            r#"INSERT INTO "verification" VALUES ('v', 'i', 'x', 1767323045678, 1767323045678, 1767323045678)"#,
            "verification.expiresAt: a row with integer",
        ),
        (
            "sqlite",
            r#"INSERT INTO "verification" VALUES ('v', 'i', 'x', '2026-01-02 03:04:05', '2026-01-02T03:04:05.678Z',
            '2026-01-02T03:04:05.678Z')"#,
            "verification.expiresAt: a row with text without T",
        ),
        (
            "both",
            r#"ALTER TABLE "user" ADD COLUMN "role" integer"#,
            "user.role: integer",
        ),
        (
            "both",
            r#"ALTER TABLE "user" ADD COLUMN "banned" text"#,
            "user.banned: text",
        ),
        (
            "both",
            r#"ALTER TABLE "user" ADD COLUMN "deletedAt" boolean"#,
            "user.deletedAt: boolean",
        ),
        // casing: "snake_case", and fields.email.
        (
            "both",
            r#"ALTER TABLE "session" RENAME COLUMN "userId" TO "user_id""#,
            "session.userId: user_id",
        ),
        (
            "both",
            r#"ALTER TABLE "account" RENAME COLUMN "password" TO "hash""#,
            "account.password: no such column",
        ),
    ];
    for (on, change, expected) in cases {
        for test in databases().await {
            let database = test.connection().await;
            let backend = database.get_database_backend();
            let name = if backend == DbBackend::Sqlite {
                "sqlite"
            } else {
                "postgres"
            };
            if on != "both" && on != name {
                continue;
            }
            run(&database, &better_auth(backend)).await;
            run(&database, change).await;
            let found = findings(&database).await;
            assert_eq!(labels(&found), [expected], "{name}: {change}");
            assert!(
                found
                    .iter()
                    .all(|finding| !finding.remedy.is_empty() && !finding.wanted.is_empty())
            );
        }
    }
}

#[tokio::test]
async fn h12_an_address_without_a_unique_index_is_refused_and_one_of_another_name_is_not() {
    for test in databases().await {
        let database = test.connection().await;
        let script = better_auth(database.get_database_backend()).replacen("NOT NULL UNIQUE", "NOT NULL", 1);
        run(&database, &script).await;
        run(
            &database,
            r#"CREATE UNIQUE INDEX "partial" ON "user" ("email") WHERE "image" IS NOT NULL"#,
        )
        .await;
        assert_eq!(
            labels(&findings(&database).await),
            ["user.email: no unique index"]
        );
        run(&database, r#"CREATE UNIQUE INDEX "uq_1" ON "user" ("email")"#).await;
        assert_eq!(findings(&database).await, []);
    }
}

#[tokio::test]
async fn h6_a_mandatory_column_is_refused_until_it_is_declared() {
    for test in databases().await {
        let database = test.connection().await;
        run(&database, &better_auth(database.get_database_backend())).await;
        run(
            &database,
            r#"ALTER TABLE "session" ADD COLUMN "region" text NOT NULL DEFAULT 'eu'"#,
        )
        .await;
        assert_eq!(findings(&database).await, [], "it has a default");
        let script = r#"DROP TABLE "session"; CREATE TABLE "session" ("id" text NOT NULL PRIMARY KEY,
            "expiresAt" DATE NOT NULL, "token" text NOT NULL UNIQUE, "createdAt" DATE NOT NULL, "updatedAt" DATE NOT NULL,
            "ipAddress" text, "userAgent" text, "userId" text NOT NULL, "tenantId" text NOT NULL)"#;
        let is_sqlite = database.get_database_backend() == DbBackend::Sqlite;
        let date = if is_sqlite { "date" } else { "timestamptz" };
        run(&database, &script.replace("DATE", date)).await;
        let found = findings(&database).await;
        assert_eq!(labels(&found), ["session.tenantId: NOT NULL without a default"]);
        assert!(
            found[0].remedy.contains("[session.additional_fields.tenantId]"),
            "{found:?}"
        );
        let extra = ExtraColumns {
            user: Vec::new(),
            session: vec![("tenantId".to_owned(), FieldKind::Text)],
        };
        let check = SchemaCheck {
            extra: &extra,
            changes: Changes::Missing,
        };
        assert_eq!(check.look(&database).await.unwrap().findings, []);
    }
}

#[tokio::test]
async fn c5_tables_under_other_names_are_refused_before_empty_ones_stand_beside_them() {
    for test in databases().await {
        let database = test.connection().await;
        run(
            &database,
            r#"CREATE TABLE "users" ("id" text); CREATE TABLE "accounts" ("id" text)"#,
        )
        .await;
        let found = findings(&database).await;
        let expected = [
            "accounts: a table that looks like \"account\"",
            "users: a table that looks like \"user\"",
        ];
        assert_eq!(labels(&found), expected);
        assert!(found[0].remedy.contains("--new-tables"), "{found:?}");
        let extra = ExtraColumns::default();
        let told = SchemaCheck {
            extra: &extra,
            changes: Changes::BesideLookalikes,
        };
        assert_eq!(told.look(&database).await.unwrap().findings, []);
    }
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let database = test.connection().await;
    run(
        &database,
        r#"CREATE TABLE "User" ("id" text); CREATE SCHEMA auth;
        CREATE TABLE auth."user" ("id" text, "emailVerified" boolean)"#,
    )
    .await;
    let expected = [
        "auth.user: a table that looks like \"user\"",
        "User: a table that looks like \"user\"",
    ];
    assert_eq!(labels(&findings(&database).await), expected);
}

#[tokio::test]
async fn h8_equal_usernames_of_a_team_are_named() {
    for test in databases().await {
        let database = test.connection().await;
        run(&database, &better_auth(database.get_database_backend())).await;
        let yes = if database.get_database_backend() == DbBackend::Sqlite {
            "1"
        } else {
            "true"
        };
        run(
            &database,
            &format!(
                r#"ALTER TABLE "user" ADD COLUMN "username" text;
            INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt", "username")
            SELECT v, v, v, {yes}, '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z', 'ada'
            FROM (SELECT 'a' AS v UNION ALL SELECT 'b') AS people"#
            ),
        )
        .await;
        assert_eq!(
            labels(&findings(&database).await),
            ["user.username: equal values"]
        );
        run(&database, r#"UPDATE "user" SET "username" = "id""#).await;
        assert_eq!(findings(&database).await, []);
    }
}

#[tokio::test]
async fn a_refused_file_keeps_every_byte() {
    let test = TestDatabase::sqlite();
    let database = test.connection().await;
    let script = better_auth(DbBackend::Sqlite).replace("date NOT NULL", "integer NOT NULL");
    run(&database, &script).await;
    database.close().await.unwrap();
    let options = ConnectOptions {
        url: Secret::new(test.url().to_owned()),
        max_connections: None,
    };
    let path = test
        .url()
        .trim_start_matches("sqlite://")
        .trim_end_matches("?mode=rwc");
    let before = fs::read(path).unwrap();
    let extra = ExtraColumns::default();
    let check = SchemaCheck {
        extra: &extra,
        changes: Changes::Missing,
    };
    let refusal = check.require_file(&options).await.unwrap_err();
    assert!(
        matches!(&refusal, SchemaError::Unfit(found) if found.len() > 3),
        "{refusal}"
    );
    assert!(
        refusal
            .to_string()
            .contains("nothing was changed:\n  user.createdAt: found integer"),
        "{refusal}"
    );
    assert!(fs::read(path).unwrap() == before, "not a byte is another");
    let missing = ConnectOptions {
        url: Secret::new(format!("sqlite://{path}.typo?mode=rwc")),
        max_connections: None,
    };
    check.require_file(&missing).await.unwrap();
    assert!(
        !fs::exists(format!("{path}.typo")).unwrap(),
        "looking makes no file"
    );
}

#[tokio::test]
async fn c3_users_with_a_second_factor_and_without_a_password_are_counted() {
    for test in databases().await {
        let database = test.connection().await;
        assert_eq!(enrolled_second_factors(&database).await.unwrap(), None);
        let is_sqlite = database.get_database_backend() == DbBackend::Sqlite;
        run(&database, &better_auth(database.get_database_backend())).await;
        assert_eq!(enrolled_second_factors(&database).await.unwrap(), None);
        let (flag, yes) = if is_sqlite {
            ("integer", "1")
        } else {
            ("boolean", "true")
        };
        let moment = "'2026-01-02T03:04:05.678Z'";
        run(&database, &format!(r#"ALTER TABLE "user" ADD COLUMN "twoFactorEnabled" {flag};
            CREATE TABLE "passkey" ("id" text, "userId" text);
            INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt", "twoFactorEnabled")
            SELECT v, v, v, {yes}, {moment}, {moment}, CASE WHEN v = 'a' THEN {yes} END
            FROM (SELECT 'a' AS v UNION ALL SELECT 'b' UNION ALL SELECT 'c') AS people;
            INSERT INTO "passkey" VALUES ('p1', 'a'), ('p2', 'b');
            INSERT INTO "account" ("id", "accountId", "providerId", "userId", "password", "createdAt", "updatedAt") VALUES
            ('1', 'a', 'credential', 'a', 'hash', {moment}, {moment}), ('2', 'g', 'google', 'c', NULL, {moment}, {moment}),
            ('3', 'g', 'google', 'a', NULL, {moment}, {moment})"#)).await;
        assert_eq!(enrolled_second_factors(&database).await.unwrap(), Some(1));
        let expected = WithoutPassword {
            passkey: 1,
            social: 1,
        };
        assert_eq!(users_without_password(&database).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn m10_an_index_name_of_ours_on_another_table_is_named() {
    for test in databases().await {
        let database = test.connection().await;
        run(&database, &better_auth(database.get_database_backend())).await;
        run(
            &database,
            r#"CREATE TABLE "invoice" ("createdAt" text); CREATE INDEX "user_createdAt_idx" ON "invoice" ("createdAt")"#,
        )
        .await;
        let found = findings(&database).await;
        assert_eq!(labels(&found), [r#"user: "user_createdAt_idx" on "invoice""#]);
        let remedy = match database.get_database_backend() {
            DbBackend::Postgres => r#"ALTER INDEX "user_createdAt_idx" RENAME TO"#,
            _ => r#"DROP INDEX "user_createdAt_idx""#,
        };
        assert!(found[0].remedy.contains(remedy), "{found:?}");
        run(&database, r#"DROP INDEX "user_createdAt_idx""#).await;
        assert_eq!(findings(&database).await, []);
    }
}

#[tokio::test]
async fn m8_what_postgres_refuses_is_told_without_the_line_of_its_source() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let database = test.connection().await;
    run(&database, "CREATE TABLE doorward_outbox (note text)").await;
    let failed = SeaStore::new(database).migrate().await.unwrap_err();
    assert_eq!(failed.to_string(), r#"column "dueAt" does not exist"#);
    assert!(std::error::Error::source(&failed).is_none());
}
