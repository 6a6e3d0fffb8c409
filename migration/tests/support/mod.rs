//! What the tests of the schema share.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

pub(crate) const STEPS: &[&str] = &[
    "better_auth_tables",
    "optional_issuer",
    "doorward_columns",
    "outbox",
    "admin_columns",
    "user_search",
    "username_columns",
    "session_facts",
    "audit_event",
    "own_outbox",
    "impersonated_sessions",
    "deleted_username",
    "rate_limit",
    "budget",
    "device",
    "key_check",
    "audit_impersonator",
    "audit_reading",
    "audit_chain",
];

pub(crate) async fn run(database: &DatabaseConnection, script: &str) {
    database.execute_unprepared(script).await.unwrap();
}

pub(crate) async fn text(database: &DatabaseConnection, query: &str) -> String {
    let statement = Statement::from_string(database.get_database_backend(), query);
    let row = database.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index::<Option<String>>(0)
        .unwrap()
        .unwrap_or_default()
}

/// Tables and rows as Better Auth makes them, in its types.
pub(crate) fn better_auth(backend: DbBackend, issuer: &str) -> String {
    let (date, flag, yes) = if backend == DbBackend::Sqlite {
        ("date", "integer", "1")
    } else {
        ("timestamptz", "boolean", "true")
    };
    format!(
        r#"CREATE TABLE "user" ("id" text NOT NULL PRIMARY KEY, "name" text NOT NULL, "email" text NOT NULL UNIQUE,
            "emailVerified" {flag} NOT NULL, "image" text, "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL);
        CREATE TABLE "session" ("id" text NOT NULL PRIMARY KEY, "expiresAt" {date} NOT NULL, "token" text NOT NULL UNIQUE,
            "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL, "ipAddress" text, "userAgent" text,
            "userId" text NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE);
        CREATE TABLE "account" ("id" text NOT NULL PRIMARY KEY, "accountId" text NOT NULL, "providerId" text NOT NULL,
            {issuer} "userId" text NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE, "accessToken" text,
            "refreshToken" text, "idToken" text, "accessTokenExpiresAt" {date}, "refreshTokenExpiresAt" {date},
            "scope" text, "password" text, "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL);
        CREATE TABLE "verification" ("id" text NOT NULL PRIMARY KEY, "identifier" text NOT NULL, "value" text NOT NULL,
            "expiresAt" {date} NOT NULL, "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL);
        CREATE INDEX "session_userId_idx" ON "session" ("userId");
        INSERT INTO "user" VALUES ('u1', 'Ada', 'ada@example.test', {yes}, NULL, '2026-01-02T03:04:05.678Z',
            '2026-01-02T03:04:05.678Z');
        INSERT INTO "session" VALUES ('s1', '2026-01-09T03:04:05.678Z', 'token', '2026-01-02T03:04:05.678Z',
            '2026-01-02T03:04:05.678Z', '192.0.2.7', NULL, 'u1');
        INSERT INTO "verification" VALUES ('v1', 'reset-password:x', 'u1', '2026-01-02T03:04:05.678Z',
            '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z');"#
    )
}
