//! Who waits for whom on PostgreSQL while the schema of a database in use is brought up to date, and what an interrupted start
//! leaves to the next one.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod support;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use doorward_migration::{migrate, pending};
use doorward_testing::TestDatabase;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, TransactionTrait,
};

use support::{STEPS, better_auth, run, text};

/// A database as Better Auth made it, and a connection to it.
async fn in_use() -> Option<(TestDatabase, DatabaseConnection)> {
    let test = TestDatabase::postgres().await?;
    let database = test.connection().await;
    run(&database, &better_auth(DbBackend::Postgres, "")).await;
    Some((test, database))
}

/// A transaction of somebody else that holds `user` in the mode.
async fn hold(database: &DatabaseConnection, mode: &str) -> DatabaseTransaction {
    let holder = database.begin().await.unwrap();
    holder
        .execute_unprepared(&format!(r#"LOCK TABLE "user" IN {mode} MODE"#))
        .await
        .unwrap();
    holder
}

/// Waits until the query answers something else than 0.
async fn until(database: &DatabaseConnection, query: &str) {
    while text(database, query).await == "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How many indexes cannot be used.
const INVALID: &str = "SELECT count(*)::text FROM pg_index WHERE NOT indisvalid";

/// Undoes a step that builds indexes, as if it had never been taken.
async fn untake(database: &DatabaseConnection, step: &str, indexes: &str) {
    run(
        database,
        &format!("DROP INDEX {indexes}; DELETE FROM doorward_migration WHERE version = '{step}'"),
    )
    .await;
}

const SEARCH_INDEXES: &str = r#""user_email_search_idx", "user_name_search_idx", "user_createdAt_idx""#;

/// The reader queues behind the step that waits for the table; it is answered while the holder still holds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn h9_readers_pass_while_a_step_waits_for_a_long_transaction() {
    let Some((test, database)) = in_use().await else {
        return;
    };
    let holder = hold(&database, "ACCESS SHARE").await;
    let node = test.connection().await;
    let start = tokio::spawn(async move { migrate(&node).await.unwrap() });
    until(
        &database,
        r#"SELECT count(*)::text FROM pg_locks WHERE NOT granted AND relation = '"user"'::regclass"#,
    )
    .await;
    let begin = Instant::now();
    assert_eq!(text(&database, r#"SELECT "id" FROM "user""#).await, "u1");
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    assert!(!start.is_finished(), "the table is still held");
    holder.commit().await.unwrap();
    assert_eq!(start.await.unwrap(), STEPS);
}

/// A writer that has not committed keeps an index from being finished. Others write meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn h9_writers_pass_while_an_index_is_built() {
    let Some((test, database)) = in_use().await else {
        return;
    };
    migrate(&database).await.unwrap();
    untake(&database, "user_search", SEARCH_INDEXES).await;
    let holder = hold(&database, "ROW EXCLUSIVE").await;
    let node = test.connection().await;
    let start = tokio::spawn(async move { migrate(&node).await.unwrap() });
    until(
        &database,
        "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX%'
            AND datname = current_database()",
    )
    .await;
    run(
        &database,
        r#"SET lock_timeout = '500ms'; UPDATE "user" SET "name" = 'Grace'; RESET lock_timeout"#,
    )
    .await;
    assert!(!start.is_finished(), "the writer still holds the table");
    holder.commit().await.unwrap();
    assert_eq!(start.await.unwrap(), ["user_search"]);
    assert_eq!(text(&database, INVALID).await, "0");
}

#[tokio::test]
async fn h9_an_index_that_an_interrupted_start_left_is_built_anew() {
    let Some((_test, database)) = in_use().await else {
        return;
    };
    migrate(&database).await.unwrap();
    run(
        &database,
        r#"UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('"user_name_search_idx"'::regclass,
            '"user_username_key"'::regclass);
        DELETE FROM doorward_migration WHERE version IN ('user_search', 'username_columns')"#,
    )
    .await;
    assert_eq!(
        migrate(&database).await.unwrap(),
        ["user_search", "username_columns"]
    );
    assert_eq!(text(&database, INVALID).await, "0");
    let unique = r#"SELECT count(*)::text FROM pg_index WHERE indisunique AND indisvalid
        AND indexrelid = '"user_username_key"'::regclass"#;
    assert_eq!(text(&database, unique).await, "1");
}

/// An index that cannot be built would go on refusing what others write if it stayed.
#[tokio::test]
async fn h9_a_unique_index_that_cannot_be_built_leaves_nothing() {
    let Some((_test, database)) = in_use().await else {
        return;
    };
    migrate(&database).await.unwrap();
    untake(&database, "username_columns", r#""user_username_key""#).await;
    run(
        &database,
        r#"UPDATE "user" SET "username" = 'ada'; INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt",
            "updatedAt", "username") SELECT 'u2', "name", 'u2@example.test', true, now(), now(), "username" FROM "user""#,
    )
    .await;
    assert!(migrate(&database).await.is_err());
    assert_eq!(text(&database, INVALID).await, "0");
    assert_eq!(pending(&database).await.unwrap(), ["username_columns"]);
}

/// What a start did before it died may be in the database without being in the book.
#[tokio::test]
async fn h9_every_step_can_be_taken_again() {
    let Some((_test, database)) = in_use().await else {
        return;
    };
    migrate(&database).await.unwrap();
    for step in STEPS {
        run(
            &database,
            &format!("DELETE FROM doorward_migration WHERE version = '{step}'"),
        )
        .await;
        assert_eq!(migrate(&database).await.unwrap(), [*step]);
    }
    run(&database, "DELETE FROM doorward_migration").await;
    assert_eq!(migrate(&database).await.unwrap(), STEPS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn h9_a_start_that_dies_anywhere_is_finished_by_the_next() {
    let Some((test, database)) = in_use().await else {
        return;
    };
    // Of each start the connection is cut, later each time, until one gets through.
    let mut cut_after = Duration::from_millis(5);
    let mut starts = 0;
    loop {
        let node = test.connection().await;
        let start = tokio::time::timeout(cut_after, migrate(&node)).await;
        starts += 1;
        if let Ok(outcome) = start {
            outcome.unwrap();
            break;
        }
        cut_after += Duration::from_millis(20);
    }
    assert!(starts > 1, "none was cut");
    assert!(pending(&database).await.unwrap().is_empty());
    assert_eq!(text(&database, INVALID).await, "0");
    let names: Vec<_> = doorward_migration::indexes(DbBackend::Postgres)
        .map(|(_, name)| format!("'{name}'"))
        .collect();
    let built = format!(
        "SELECT count(*)::text FROM pg_class WHERE relkind = 'i' AND relname IN ({})",
        names.join(", ")
    );
    assert_eq!(text(&database, &built).await, names.len().to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn h9_nodes_that_start_together_on_a_database_in_use_take_turns() {
    let Some((test, _database)) = in_use().await else {
        return;
    };
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
    assert_eq!(text(&nodes[0], INVALID).await, "0");
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn h9_the_log_says_who_is_waited_for_and_nothing_of_the_data() {
    let Some((test, database)) = in_use().await else {
        return;
    };
    let holder = hold(&database, "ACCESS SHARE").await;
    let long = format!("SELECT 'hunter2', {}", vec!["1"; 100].join(", "));
    let pid = "SELECT pg_backend_pid()::text AS pid";
    let pid = sea_orm_migration::sea_orm::Statement::from_string(DbBackend::Postgres, pid);
    let pid: String = holder
        .query_one_raw(pid)
        .await
        .unwrap()
        .unwrap()
        .try_get("", "pid")
        .unwrap();
    holder.execute_unprepared(&long).await.unwrap();
    let kept = Log::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_env_filter("doorward_migration=info")
        .with_writer(move || writer.clone())
        .finish();
    // For all tests here: a line that is first reached where nobody listens may stay unheard.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let node = test.connection().await;
    let start = tokio::spawn(async move { migrate(&node).await.unwrap() });
    let begin = Instant::now();
    while !kept.text().contains(&format!("pid={pid} ")) {
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", kept.text());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    holder.commit().await.unwrap();
    assert_eq!(start.await.unwrap(), STEPS);
    let logged = kept.text();
    let line = logged
        .lines()
        .find(|line| line.contains(&format!("pid={pid} ")))
        .unwrap();
    assert!(line.contains("WARN"), "{line}");
    assert!(line.contains(r#"state="idle in transaction""#), "{line}");
    assert!(line.contains(r#"since="20"#), "{line}");
    assert!(line.contains(r#"statement="SELECT""#), "{line}");
    assert!(!logged.contains("hunter2") && line.len() < 400, "{line}");
}

/// Measures how long writers of a table of 200,000 rows wait: `cargo test -p doorward-migration --test locks -- --ignored`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes a minute, and a busy machine makes anybody wait"]
async fn h9_no_writer_of_a_large_table_waits_for_two_seconds() {
    let Some((test, database)) = in_use().await else {
        return;
    };
    run(
        &database,
        r#"INSERT INTO "user" SELECT 'n' || n, 'Name ' || n, 'n' || n || '@example.test', true, NULL, now(), now()
            FROM generate_series(1, 200000) n;
        INSERT INTO "session" SELECT 'p' || n, now() + interval '1 day', 'token' || n, now(), now(), NULL, NULL, 'n' || n
            FROM generate_series(1, 200000) n"#,
    )
    .await;
    let node = test.connection().await;
    let start = tokio::spawn(async move { migrate(&node).await.unwrap() });
    let (mut longest, mut writes) = (Duration::ZERO, 0);
    while !start.is_finished() {
        let begin = Instant::now();
        for table in ["user", "session"] {
            let write = format!(r#"UPDATE "{table}" SET "updatedAt" = now() WHERE "id" IN ('n7', 'p7')"#);
            run(&database, &write).await;
        }
        longest = longest.max(begin.elapsed());
        writes += 1;
    }
    assert_eq!(start.await.unwrap(), STEPS);
    assert!(
        longest < Duration::from_secs(2),
        "of {writes} rounds the longest took {longest:?}"
    );
}

/// Better Auth's table of rate limits as it was before its keys were apart.
const RATE_LIMITS: &str = r#"CREATE TABLE "rateLimit" ("id" text NOT NULL PRIMARY KEY, "key" text, "count" integer, "lastRequest" bigint);
    INSERT INTO "rateLimit" SELECT 'r' || n, 'k' || n % 3000, 1, n FROM generate_series(1, 9000) AS n;"#;
const UNIQUE_KEYS: &str = r#"SELECT count(*)::text FROM pg_index WHERE indrelid = '"rateLimit"'::regclass AND indisunique
    AND indisvalid AND NOT indisprimary"#;

/// Better Auth goes on counting while the index is built, and writes a key twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn h9_duplicates_that_come_while_keys_are_kept_apart_stop_no_start() {
    let Some((test, database)) = in_use().await else {
        return;
    };
    database.execute_unprepared(RATE_LIMITS).await.unwrap();
    let writer = database.begin().await.unwrap();
    writer
        .execute_unprepared(r#"INSERT INTO "rateLimit" VALUES ('a', 'new', 1, 1), ('b', 'new', 1, 2)"#)
        .await
        .unwrap();
    let node = test.connection().await;
    let start = tokio::spawn(async move { migrate(&node).await });
    until(
        &database,
        r#"SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database()
            AND query LIKE '%INDEX CONCURRENTLY "rateLimit_key_uidx"%' AND wait_event_type = 'Lock'"#,
    )
    .await;
    writer.commit().await.unwrap();
    start.await.unwrap().unwrap();
    assert_eq!(text(&database, UNIQUE_KEYS).await, "1");
    let left = r#"SELECT count(*) || ' ' || min("lastRequest") FROM "rateLimit""#;
    assert_eq!(text(&database, left).await, "3001 2", "the last of each key");
}

#[tokio::test]
async fn h9_a_table_of_rate_limits_that_cannot_be_mended_stops_no_start() {
    let Some((_test, database)) = in_use().await else {
        return;
    };
    database.execute_unprepared(RATE_LIMITS).await.unwrap();
    database
        .execute_unprepared(
            r#"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$;
            CREATE TRIGGER refuse BEFORE DELETE ON "rateLimit" FOR EACH ROW EXECUTE FUNCTION refuse();"#,
        )
        .await
        .unwrap();
    migrate(&database).await.unwrap();
    assert_eq!(text(&database, UNIQUE_KEYS).await, "0");
}
