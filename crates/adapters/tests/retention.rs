//! What sweeps and purges remove in a database that others made: only what was understood and is Doorward's to remove.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::fs;

use doorward_domain::user::User;
use doorward_domain::{Constraint, Repositories, Store, StoreError, UserId};
use doorward_testing::TestDatabase;
use doorward_testing::samples::{self, at};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};

const PAST: &str = "2020-01-02T03:04:05.678Z";

async fn databases() -> Vec<TestDatabase> {
    let both = [Some(TestDatabase::sqlite()), TestDatabase::postgres().await];
    both.into_iter().flatten().collect()
}

async fn run(database: &DatabaseConnection, script: &str) {
    database.execute_unprepared(script).await.unwrap();
}

async fn ids(database: &DatabaseConnection, table: &str) -> Vec<String> {
    let query = format!(r#"SELECT "id" FROM "{table}" ORDER BY "id""#);
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Rows that end at `end`, written as SQL.
fn ending(id: &str, end: &str) -> String {
    format!(
        r#"INSERT INTO "session" ("id", "userId", "token", "expiresAt", "createdAt", "updatedAt")
            VALUES ('{id}', 'ada', 'token-{id}', {end}, '{PAST}', '{PAST}');
        INSERT INTO "verification" ("id", "identifier", "value", "expiresAt", "createdAt", "updatedAt")
            VALUES ('{id}', 'reset-password:{id}', 'ada', {end}, '{PAST}', '{PAST}');"#
    )
}

async fn purge_expired(store: &dyn Store) -> (u64, u64) {
    (
        store.sessions().purge_expired(at(0), 99).await.unwrap(),
        store.verifications().purge_expired(at(0), 99).await.unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_on_sqlite_leave_dates_in_other_forms() {
    let test = TestDatabase::sqlite();
    let store = test.store().await;
    let store: &dyn Store = &store;
    let raw = test.connection().await;
    store.users().insert(&samples::user("ada")).await.unwrap();
    // Milliseconds, seconds, a day number, no zone, another zone, and no date at all.
    let kept = [
        "1577934245678",
        "1577934245",
        "2458850.5",
        "'2020-01-02 03:04:05'",
        "'2020-01-02T03:04:05+02:00'",
        "'2020'",
        "''",
        "x'32303230'",
    ];
    for (number, end) in kept.iter().enumerate() {
        run(&raw, &ending(&format!("kept-{number}"), end)).await;
    }
    for (id, end) in [
        ("zulu", PAST.to_owned()),
        ("offset", PAST.replace('Z', "+00:00")),
        ("short", "2020-01-02T03:04:05Z".to_owned()),
    ] {
        run(&raw, &ending(id, &format!("'{end}'"))).await;
    }
    assert_eq!(purge_expired(store).await, (3, 3));
    for table in ["session", "verification"] {
        let left = ids(&raw, table).await;
        assert_eq!(left.len(), kept.len(), "{table}: {left:?}");
        assert!(left.iter().all(|id| id.starts_with("kept-")), "{table}: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_on_postgres_leave_dates_without_a_zone() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let store = test.store().await;
    let store: &dyn Store = &store;
    let raw = test.connection().await;
    store.users().insert(&samples::user("ada")).await.unwrap();
    let gone = samples::user("gone");
    store.users().insert(&gone).await.unwrap();
    assert!(
        store
            .users()
            .soft_delete(&gone.id, at(-9))
            .await
            .unwrap()
            .is_removed()
    );
    run(&raw, &ending("past", &format!("'{PAST}'"))).await;
    run(&raw, &ending("ever", "'-infinity'")).await;
    for (table, column) in [
        ("session", "expiresAt"),
        ("verification", "expiresAt"),
        ("user", "deletedAt"),
    ] {
        let alter = format!(r#"ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE timestamp"#);
        run(&raw, &alter).await;
    }
    assert_eq!(purge_expired(store).await, (0, 0));
    assert_eq!(store.users().purge_deleted(at(0), 9).await.unwrap().len(), 0);
    for (table, column) in [
        ("session", "expiresAt"),
        ("verification", "expiresAt"),
        ("user", "deletedAt"),
    ] {
        let alter = format!(r#"ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE timestamptz"#);
        run(&raw, &alter).await;
    }
    // What was planned for the other type is not planned for this one.
    let store = test.store().await;
    let store: &dyn Store = &store;
    assert_eq!(purge_expired(store).await, (1, 1));
    assert_eq!(
        ids(&raw, "session").await,
        ["ever"],
        "no moment that was ever meant"
    );
    assert_eq!(store.users().purge_deleted(at(0), 9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_whom_the_team_marked_as_deleted_are_not_purged() {
    for test in databases().await {
        let store = test.store().await;
        let store: &dyn Store = &store;
        let raw = test.connection().await;
        for id in ["ours", "theirs", "number"] {
            store.users().insert(&samples::user(id)).await.unwrap();
        }
        let ours = UserId::from_stored("ours");
        assert!(
            store
                .users()
                .soft_delete(&ours, at(-9))
                .await
                .unwrap()
                .is_removed()
        );
        run(
            &raw,
            &format!(r#"UPDATE "user" SET "deletedAt" = '{PAST}' WHERE "id" <> 'ours'"#),
        )
        .await;
        if raw.get_database_backend() == DbBackend::Sqlite {
            let number = r#"UPDATE "user" SET "deletedAt" = 1577934245678, "deletedEmail" = 'x' WHERE "id" = 'number'"#;
            run(&raw, number).await;
        }
        assert_eq!(store.users().purge_deleted(at(0), 9).await.unwrap().len(), 1);
        assert_eq!(ids(&raw, "user").await, ["number", "theirs"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_others_hold_does_not_keep_the_rest() {
    for test in databases().await {
        let store = test.store().await;
        let store: &dyn Store = &store;
        let raw = test.connection().await;
        run(
            &raw,
            r#"CREATE TABLE "order" ("buyer" text NOT NULL REFERENCES "user" ("id") ON DELETE RESTRICT);
            CREATE TABLE "note" ("author" text NOT NULL REFERENCES "user" ("id") DEFERRABLE INITIALLY DEFERRED);"#,
        )
        .await;
        for id in ["a", "b", "c", "d", "e", "f"] {
            let user = samples::user(id);
            store.users().insert(&user).await.unwrap();
            store
                .accounts()
                .insert(&samples::credential(&user, "hash"))
                .await
                .unwrap();
            assert!(
                store
                    .users()
                    .soft_delete(&user.id, at(-9))
                    .await
                    .unwrap()
                    .is_removed()
            );
        }
        run(
            &raw,
            r#"INSERT INTO "order" VALUES ('a'), ('b'), ('d'); INSERT INTO "note" VALUES ('c')"#,
        )
        .await;
        // No more than asked for, and the held do not count.
        assert_eq!(store.users().purge_deleted(at(0), 1).await.unwrap().len(), 1);
        assert_eq!(store.users().purge_deleted(at(0), 9).await.unwrap().len(), 1);
        assert_eq!(ids(&raw, "user").await, ["a", "b", "c", "d"]);
        assert_eq!(
            ids(&raw, "account").await.len(),
            4,
            "of a held user nothing is removed"
        );
        run(&raw, r#"DELETE FROM "order""#).await;
        assert_eq!(store.users().purge_deleted(at(0), 9).await.unwrap().len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_known_by_its_columns_whatever_the_name_of_the_index() {
    for (number, index) in [r#""email""#, r#"lower("email")"#].into_iter().enumerate() {
        for test in databases().await {
            let store = test.store().await;
            let store: &dyn Store = &store;
            let raw = test.connection().await;
            let is_sqlite = raw.get_database_backend() == DbBackend::Sqlite;
            if is_sqlite && number == 1 {
                // SQLite names the index of an expression, not its columns.
                continue;
            }
            if !is_sqlite {
                run(
                    &raw,
                    r#"ALTER TABLE "user" DROP CONSTRAINT IF EXISTS "user_email_key""#,
                )
                .await;
                run(&raw, r#"DROP INDEX IF EXISTS "user_email_key""#).await;
            }
            run(
                &raw,
                &format!(r#"CREATE UNIQUE INDEX "uq_1" ON "user" ({index})"#),
            )
            .await;
            run(
                &raw,
                r#"CREATE UNIQUE INDEX "user_email_note" ON "user" ("image")"#,
            )
            .await;
            let ada = samples::user("ada");
            store.users().insert(&ada).await.unwrap();
            let same = User {
                email: ada.email.clone(),
                ..samples::user("second")
            };
            let refused = store.users().insert(&same).await;
            assert!(
                matches!(refused, Err(StoreError::Conflict(Constraint::UserEmail))),
                "{refused:?}"
            );
            let id = UserId::from_stored("bob");
            let bob = samples::user("bob");
            store.users().insert(&bob).await.unwrap();
            let moved = store
                .users()
                .change_email(&id, &bob.email, &ada.email, false, at(1))
                .await;
            assert!(
                matches!(moved, Err(StoreError::Conflict(Constraint::UserEmail))),
                "{moved:?}"
            );
            let again = User {
                email: samples::email("other"),
                ..ada
            };
            let refused = store.users().insert(&again).await;
            assert!(
                matches!(refused, Err(StoreError::Conflict(Constraint::Other))),
                "{refused:?}"
            );
        }
    }
}

/// Whoever empties the log waits for all readers: a request does not wait for that.
#[tokio::test]
async fn dt_2_a_deletion_is_committed_before_the_log_is_emptied_and_that_soon_follows() {
    let test = TestDatabase::sqlite();
    let store = test.store().await;
    let (_, rest) = test.url().split_once("://").unwrap();
    let log = format!("{}-wal", rest.split('?').next().unwrap());
    let log_length = || fs::metadata(&log).unwrap().len();
    let ada = samples::user("ada");
    store.users().insert(&ada).await.unwrap();
    let tx = store.begin(&samples::request()).await.unwrap();
    assert!(tx.users().delete(&ada.id).await.unwrap().is_removed());
    tx.commit().await.unwrap();
    assert!(log_length() > 0, "the request waited for it");
    while log_length() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn dt_2_while_somebody_reads_removed_rows_stay_in_the_log_until_the_next_sweep() {
    let test = TestDatabase::sqlite();
    let store = test.store().await;
    let (_, rest) = test.url().split_once("://").unwrap();
    let log = format!("{}-wal", rest.split('?').next().unwrap());
    let log_length = || fs::metadata(&log).unwrap().len();
    let ada = samples::user("ada");
    store.users().insert(&ada).await.unwrap();
    let reading = test.connection().await.begin().await.unwrap();
    let statement = Statement::from_string(DbBackend::Sqlite, r#"SELECT "id" FROM "user""#);
    assert_eq!(reading.query_all_raw(statement).await.unwrap().len(), 1);
    // A store that was just opened does not know what a former process left in the log.
    let tx = store.begin(&samples::request()).await.unwrap();
    assert!(tx.users().purge_deleted(at(0), 9).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert!(log_length() > 0, "the reader needs it");
    reading.rollback().await.unwrap();
    // A transaction that removes nobody pays nothing.
    let tx = store.begin(&samples::request()).await.unwrap();
    assert_eq!(tx.sessions().purge_expired(at(0), 9).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert!(log_length() > 0);
    let tx = store.begin(&samples::request()).await.unwrap();
    assert!(tx.users().purge_deleted(at(0), 9).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert_eq!(log_length(), 0);
}
