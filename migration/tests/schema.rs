//! The steps on both databases: from nothing, from what Better Auth left, twice, and by two nodes at once.

mod support;

use doorward_migration::{MigrateError, migrate, pending};
use doorward_testing::TestDatabase;
use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};

use support::{STEPS, better_auth, run, text};

/// Runs the test on SQLite, and on PostgreSQL where there is one.
async fn on_each_database<F: Future<Output = ()>>(test: impl Fn(TestDatabase) -> F) {
    test(TestDatabase::sqlite()).await;
    if let Some(database) = TestDatabase::postgres().await {
        test(database).await;
    }
}

#[tokio::test]
async fn from_nothing_once() {
    on_each_database(async |test| {
        let database = test.connection().await;
        assert_eq!(pending(&database).await.unwrap(), STEPS);
        assert!(
            !SchemaManager::new(&database).has_table("user").await.unwrap(),
            "looking changes nothing"
        );
        assert_eq!(migrate(&database).await.unwrap(), STEPS);
        assert!(migrate(&database).await.unwrap().is_empty());
        assert!(pending(&database).await.unwrap().is_empty());
        for table in [
            "user",
            "session",
            "account",
            "verification",
            "doorward_outbox",
            "doorward_audit_event",
            "doorward_audit_chain",
            "rateLimit",
            "doorward_budget",
            "doorward_device",
            "doorward_key_check",
        ] {
            assert!(
                SchemaManager::new(&database).has_table(table).await.unwrap(),
                "{table}"
            );
        }
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_database_better_auth_left_keeps_its_rows() {
    on_each_database(async |test| {
        let database = test.connection().await;
        let backend = database.get_database_backend();
        run(&database, &better_auth(backend, "")).await;
        migrate(&database).await.unwrap();
        for (query, row) in [
            (r#"SELECT "email" FROM "user" WHERE "deletedAt" IS NULL"#, "ada@example.test"),
            (r#"SELECT "token" FROM "session" WHERE "adoptedAt" IS NULL AND "userId" = 'u1'"#, "token"),
            (r#"SELECT "identifier" FROM "verification" WHERE "userId" IS NULL AND "value" = 'u1'"#, "reset-password:x"),
        ] {
            assert_eq!(text(&database, query).await, row, "{query}");
        }
        for (table, column) in
            [
                ("user", "deletedEmail"), ("session", "adoptedAt"), ("verification", "userId"), ("user", "deletedAt"),
                ("session", "amr"), ("session", "authenticatedAt"), ("session", "browserSession"),
            ]
        {
            assert!(SchemaManager::new(&database).has_column(table, column).await.unwrap(), "{table}.{column}");
        }
        // Better Auth goes on as if nothing had happened: it names its own columns only.
        run(
            &database,
            r#"INSERT INTO "verification" ("id", "identifier", "value", "expiresAt", "createdAt", "updatedAt") VALUES
                ('v2', 'reset-password:x', 'u1', '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z',
                '2026-01-02T03:04:05.678Z')"#,
        )
        .await;
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_mandatory_issuer_becomes_optional_and_keeps_rows_and_index() {
    on_each_database(async |test| {
        let database = test.connection().await;
        let backend = database.get_database_backend();
        run(&database, &better_auth(backend, r#""issuer" text NOT NULL,"#)).await;
        let account = |id: &str, columns: &str, values: &str| {
            format!(
                r#"INSERT INTO "account" ("id", "accountId", "providerId", "userId", "createdAt", "updatedAt"{columns})
                    VALUES ('{id}', '{id}', 'credential', 'u1', '2026-01-02T03:04:05.678Z',
                    '2026-01-02T03:04:05.678Z'{values})"#
            )
        };
        run(&database, r#"CREATE UNIQUE INDEX "account_issuer_idx" ON "account" ("issuer", "accountId")"#).await;
        run(&database, &account("a1", r#", "issuer""#, ", 'https://issuer.test'")).await;
        migrate(&database).await.unwrap();
        run(&database, &account("a2", "", "")).await;
        assert_eq!(text(&database, r#"SELECT "issuer" FROM "account" WHERE "id" = 'a1'"#).await, "https://issuer.test");
        assert_eq!(text(&database, r#"SELECT "issuer" FROM "account" WHERE "id" = 'a2'"#).await, "");
        assert!(SchemaManager::new(&database).has_index("account", "account_issuer_idx").await.unwrap());
        let twin = account("a3", r#", "issuer""#, ", 'https://issuer.test'").replace("'a3', 'a3'", "'a3', 'a1'");
        assert!(database.execute_unprepared(&twin).await.is_err(), "the index is still unique");
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_column_of_the_guide_is_left_alone() {
    on_each_database(async |test| {
        let database = test.connection().await;
        let backend = database.get_database_backend();
        run(&database, &better_auth(backend, "")).await;
        let date = if backend == DbBackend::Sqlite {
            "date"
        } else {
            "timestamptz"
        };
        run(
            &database,
            &format!(r#"ALTER TABLE "user" ADD COLUMN "deletedAt" {date}"#),
        )
        .await;
        run(
            &database,
            r#"UPDATE "user" SET "deletedAt" = '2026-01-03T03:04:05.678Z'"#,
        )
        .await;
        assert_eq!(migrate(&database).await.unwrap(), STEPS);
        let query = r#"SELECT "id" FROM "user" WHERE "deletedAt" = '2026-01-03T03:04:05.678Z'"#;
        assert_eq!(text(&database, query).await, "u1");
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn re_12_nodes_that_start_together_wait_for_each_other() {
    on_each_database(async |test| {
        let nodes = [
            test.connection().await,
            test.connection().await,
            test.connection().await,
        ];
        let starts: Vec<_> = nodes
            .iter()
            .cloned()
            .map(|node| tokio::spawn(async move { migrate(&node).await.unwrap() }))
            .collect();
        let mut taken = Vec::new();
        for start in starts {
            taken.extend(start.await.unwrap());
        }
        assert_eq!(taken, STEPS, "each step once, by one node");
        for node in nodes {
            node.close().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn re_12_a_newer_schema_is_refused() {
    on_each_database(async |test| {
        let database = test.connection().await;
        migrate(&database).await.unwrap();
        run(
            &database,
            r"INSERT INTO doorward_migration (version, applied_at) VALUES ('from_the_future', 1)",
        )
        .await;
        for outcome in [migrate(&database).await, pending(&database).await] {
            assert!(
                matches!(&outcome, Err(MigrateError::Newer(step)) if step == "from_the_future"),
                "{outcome:?}"
            );
        }
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_refused_schema_is_not_touched() {
    on_each_database(async |test| {
        let database = test.connection().await;
        run(
            &database,
            r"CREATE TABLE doorward_migration (version varchar(255) NOT NULL PRIMARY KEY, applied_at bigint NOT NULL);
            INSERT INTO doorward_migration (version, applied_at) VALUES ('from_the_future', 1)",
        )
        .await;
        let outcome = migrate(&database).await;
        assert!(matches!(&outcome, Err(MigrateError::Newer(_))), "{outcome:?}");
        for table in ["user", "session", "account", "verification", "doorward_outbox"] {
            assert!(!SchemaManager::new(&database).has_table(table).await.unwrap(), "{table}");
        }
        database.close().await.unwrap();
    })
    .await;
}

/// On SQLite all is undone. On PostgreSQL every statement stands by itself, and what was done is not done again.
#[tokio::test]
async fn a_step_that_fails_is_taken_by_the_next_start() {
    on_each_database(async |test| {
        let database = test.connection().await;
        run(&database, "CREATE TABLE doorward_outbox (note text)").await;
        let outcome = migrate(&database).await;
        assert!(matches!(&outcome, Err(MigrateError::Database(_))), "{outcome:?}");
        let before = if database.get_database_backend() == DbBackend::Sqlite {
            0
        } else {
            STEPS.iter().position(|step| *step == "outbox").unwrap()
        };
        assert_eq!(pending(&database).await.unwrap(), STEPS[before..]);
        for table in ["user", "session", "account", "verification", "doorward_migration"] {
            assert_eq!(
                SchemaManager::new(&database).has_table(table).await.unwrap(),
                before > 0,
                "{table}"
            );
        }
        run(&database, "DROP TABLE doorward_outbox").await;
        assert_eq!(migrate(&database).await.unwrap(), STEPS[before..]);
        database.close().await.unwrap();
    })
    .await;
}

/// Who looks for names that are taken, or rights that are missing, looks by the list.
#[tokio::test]
async fn the_list_of_indexes_is_whole() {
    on_each_database(async |test| {
        let database = test.connection().await;
        migrate(&database).await.unwrap();
        let backend = database.get_database_backend();
        let query = match backend {
            DbBackend::Postgres => {
                r"SELECT t.relname::text AS owner, c.relname::text AS name FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
                WHERE c.relnamespace = 'public'::regnamespace
                    AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid)"
            }
            _ => "SELECT tbl_name AS owner, name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        };
        let rows = database
            .query_all_raw(Statement::from_string(backend, query))
            .await
            .unwrap();
        let mut built: Vec<(String, String)> = rows
            .iter()
            .map(|row| {
                (
                    row.try_get("", "owner").unwrap(),
                    row.try_get("", "name").unwrap(),
                )
            })
            .collect();
        built.sort();
        let mut listed: Vec<_> = doorward_migration::indexes(backend)
            .map(|(table, name)| (table.to_owned(), name.to_owned()))
            .collect();
        listed.sort();
        assert_eq!(built, listed);
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn h8_an_outbox_of_a_team_is_left_alone() {
    on_each_database(async |test| {
        let database = test.connection().await;
        run(
            &database,
            "CREATE TABLE outbox (note text); INSERT INTO outbox VALUES ('theirs')",
        )
        .await;
        assert_eq!(migrate(&database).await.unwrap(), STEPS);
        assert_eq!(text(&database, "SELECT note FROM outbox").await, "theirs");
        assert!(
            SchemaManager::new(&database)
                .has_table("doorward_outbox")
                .await
                .unwrap()
        );
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn h8_the_outbox_of_an_earlier_version_is_renamed_with_what_waits_in_it() {
    on_each_database(async |test| {
        let database = test.connection().await;
        migrate(&database).await.unwrap();
        run(
            &database,
            r#"DROP INDEX "doorward_outbox_dueAt_idx"; ALTER TABLE doorward_outbox RENAME TO outbox;
            CREATE INDEX "outbox_dueAt_idx" ON outbox ("dueAt");
            INSERT INTO outbox ("id", "sealed", "dueAt", "createdAt") VALUES ('m1', 'sealed', '2026-01-02T03:04:05.678Z',
            '2026-01-02T03:04:05.678Z');
            DELETE FROM doorward_migration WHERE version = 'own_outbox'"#,
        )
        .await;
        assert_eq!(migrate(&database).await.unwrap(), ["own_outbox"]);
        assert_eq!(text(&database, "SELECT id FROM doorward_outbox").await, "m1");
        let schema = SchemaManager::new(&database);
        assert!(!schema.has_table("outbox").await.unwrap());
        let index = "doorward_outbox_dueAt_idx";
        assert!(schema.has_index("doorward_outbox", index).await.unwrap());
        database.close().await.unwrap();
    })
    .await;
}

/// More of them than one statement changes.
#[tokio::test]
async fn usernames_of_deleted_users_are_set_aside_batch_by_batch() {
    on_each_database(async |test| {
        let database = test.connection().await;
        migrate(&database).await.unwrap();
        let yes = match database.get_database_backend() {
            DbBackend::Sqlite => "1",
            _ => "true",
        };
        run(
            &database,
            &format!(
                r#"WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1201)
                INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt", "username", "deletedAt",
                    "deletedEmail")
                SELECT 'n' || n, 'Ada', 'n' || n || '@example.test', {yes}, '2026-01-02T03:04:05.678Z',
                    '2026-01-02T03:04:05.678Z', 'u' || n, '2026-01-02T03:04:05.678Z',
                    CASE WHEN n > 1 THEN 'n@example.test' END FROM number;
                DELETE FROM doorward_migration WHERE version = 'deleted_username'"#
            ),
        )
        .await;
        assert_eq!(migrate(&database).await.unwrap(), ["deleted_username"]);
        let kept = r#"SELECT max("id") FROM "user" WHERE "username" IS NOT NULL"#;
        assert_eq!(text(&database, kept).await, "n1", "a deletion that is not ours");
        let aside = r#"SELECT CAST(count(*) AS text) FROM "user" WHERE "deletedUsername" = 'u' || substr("id", 2)"#;
        assert_eq!(text(&database, aside).await, "1200");
        database.close().await.unwrap();
    })
    .await;
}
