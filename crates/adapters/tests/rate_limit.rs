//! The rate limiter on tables that others made, and without a database.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_adapters::sea_orm::{SeaRateLimiter, SeaStore};
use doorward_domain::rate_limit::{Decision, RateLimiter, RequestLimit};
use doorward_testing::samples::at;
use doorward_testing::{SeededEntropy, TestDatabase};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

const TWO: RequestLimit = RequestLimit {
    max: 2,
    window: TimeDelta::seconds(10),
};

async fn databases() -> Vec<TestDatabase> {
    let both = [Some(TestDatabase::sqlite()), TestDatabase::postgres().await];
    both.into_iter().flatten().collect()
}

fn limiter(store: &SeaStore) -> SeaRateLimiter {
    SeaRateLimiter::new(store, Arc::new(SeededEntropy::default()))
}

async fn passes(limiter: &SeaRateLimiter, now: DateTime<Utc>) -> bool {
    limiter.take("192.0.2.1|/x", TWO, now).await == Decision::Allowed
}

/// Id, count and last request of all rows.
async fn rows(database: &DatabaseConnection) -> Vec<(String, i32, i64)> {
    let query = r#"SELECT "id", "count", "lastRequest" FROM "rateLimit" WHERE "key" = '192.0.2.1|/x'"#;
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| {
            (
                row.try_get_by_index(0).unwrap(),
                row.try_get_by_index(1).unwrap(),
                row.try_get_by_index(2).unwrap(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rl_1_there_is_one_row_a_key_as_better_auth_writes_it() {
    for test in databases().await {
        let store = test.store().await;
        let (limiter, raw) = (limiter(&store), test.connection().await);
        limiter.check().await.unwrap();
        for (second, expected) in [(0, true), (1, true), (2, false)] {
            assert_eq!(passes(&limiter, at(second)).await, expected);
        }
        let found = rows(&raw).await;
        let [(id, count, last)] = &found[..] else {
            panic!("{found:?}");
        };
        assert!(
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{id}"
        );
        assert_eq!((*count, *last), (2, at(1).timestamp_millis()));
    }
}

/// As Better Auth made it before it kept keys apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_keys_are_not_apart_is_mended_by_the_migration() {
    for test in databases().await {
        let raw = test.connection().await;
        raw.execute_unprepared(
            r#"CREATE TABLE "rateLimit" ("id" text NOT NULL PRIMARY KEY, "key" text, "count" integer, "lastRequest" bigint);
            INSERT INTO "rateLimit" VALUES ('a', '192.0.2.1|/x', 1, 1), ('b', '192.0.2.1|/x', 1, 2)"#,
        )
        .await
        .unwrap();
        let store = test.store().await;
        let limiter = limiter(&store);
        limiter.check().await.unwrap();
        assert!(passes(&limiter, at(0)).await && passes(&limiter, at(0)).await);
        assert!(!passes(&limiter, at(0)).await);
        assert_eq!(rows(&raw).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_table_of_that_name_is_left_alone_and_not_used() {
    for test in databases().await {
        let raw = test.connection().await;
        raw.execute_unprepared(r#"CREATE TABLE "rateLimit" ("key" text, "note" text)"#)
            .await
            .unwrap();
        let store = test.store().await;
        assert!(limiter(&store).check().await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rl_9_while_the_database_is_away_requests_are_counted_in_memory() {
    for test in databases().await {
        let store = test.store().await;
        let (limiter, raw) = (limiter(&store), test.connection().await);
        assert!(passes(&limiter, at(0)).await);
        raw.execute_unprepared(r#"ALTER TABLE "rateLimit" RENAME TO "away""#)
            .await
            .unwrap();
        for (second, expected) in [(1, true), (1, true), (1, false), (2, false)] {
            assert_eq!(passes(&limiter, at(second)).await, expected, "{second}");
        }
        raw.execute_unprepared(r#"ALTER TABLE "away" RENAME TO "rateLimit""#)
            .await
            .unwrap();
        assert!(
            passes(&limiter, at(4)).await,
            "the second that the table knows of"
        );
        assert!(!passes(&limiter, at(4)).await);
        assert_eq!(rows(&raw).await[0].1, 2);
    }
}
