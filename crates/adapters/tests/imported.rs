//! A database that others made and go on writing to: rows in their form, columns and tables that Doorward does not know.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::sync::Arc;

use doorward_domain::session::SessionToken;
use doorward_domain::user::{ProfileChange, UserName};
use doorward_domain::verification::Purpose;
use doorward_domain::{Changed, Repositories, SessionId, Store, UserId};
use doorward_testing::TestDatabase;
use doorward_testing::samples::{self, at, key, now};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// The moment of the samples, as `Date.toISOString` writes it and as other libraries do.
const FORMS: [(&str, &str); 2] = [
    ("zulu", "2026-01-02T03:04:05.678Z"),
    ("offset", "2026-01-02T03:04:05.678+00:00"),
];

async fn databases() -> Vec<TestDatabase> {
    let both = [Some(TestDatabase::sqlite()), TestDatabase::postgres().await];
    both.into_iter().flatten().collect()
}

async fn run(database: &DatabaseConnection, script: &str) {
    database.execute_unprepared(script).await.unwrap();
}

async fn text(database: &DatabaseConnection, query: &str) -> Option<String> {
    let statement = Statement::from_string(database.get_database_backend(), query);
    let row = database.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

fn user(database: &DatabaseConnection, id: &str) -> String {
    let yes = if database.get_database_backend() == DbBackend::Sqlite {
        "1"
    } else {
        "true"
    };
    let moment = FORMS[0].1;
    format!(
        r#"INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt")
            VALUES ('{id}', '{id}', '{id}@example.test', {yes}, '{moment}', '{moment}');"#
    )
}

fn session(id: &str, user: &str, end: &str) -> String {
    let moment = FORMS[0].1;
    format!(
        r#"INSERT INTO "session" ("id", "userId", "token", "expiresAt", "createdAt", "updatedAt")
            VALUES ('{id}', '{user}', 'token-{id}', '{end}', '{moment}', '{moment}');"#
    )
}

fn verification(identifier: &str, value: &str, end: &str) -> String {
    let moment = FORMS[0].1;
    format!(
        r#"INSERT INTO "verification" ("id", "identifier", "value", "expiresAt", "createdAt", "updatedAt")
            VALUES ('row-{identifier}', '{identifier}', '{value}', '{end}', '{moment}', '{moment}');"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_are_read_and_compared_in_either_form() {
    for test in databases().await {
        let store: Arc<dyn Store> = Arc::new(test.store().await);
        let raw = test.connection().await;
        run(&raw, &user(&raw, "ada")).await;
        let ada = UserId::from_stored("ada");
        let instant = chrono::TimeDelta::milliseconds(1);
        for (id, end) in FORMS {
            run(&raw, &session(id, "ada", end)).await;
            let token = SessionToken::parse(&format!("token-{id}")).unwrap();
            let (found, owner) = store.sessions().find_with_user(&token).await.unwrap().unwrap();
            assert_eq!(
                (found.expires_at, owner.created_at, owner.email_verified),
                (now(), now(), true),
                "{id}"
            );
            let before = store.sessions().list_live(&ada, now() - instant).await.unwrap();
            assert!(before.iter().any(|session| session.id.as_str() == id), "{id}");
            assert_eq!(
                store.sessions().purge_expired(now() - instant, 9).await.unwrap(),
                0,
                "{id}"
            );
            let session = SessionId::from_stored(id);
            for (from, moved) in [(now() + instant, false), (now() - instant, false), (now(), true)] {
                let outcome = store.sessions().extend(&session, from, at(60), at(1)).await;
                assert_eq!(
                    outcome.unwrap(),
                    Changed::by_count(u64::from(moved)),
                    "{id} from {from}"
                );
            }
            assert_eq!(
                store.sessions().purge_expired(at(61), 9).await.unwrap(),
                1,
                "{id}"
            );

            run(&raw, &verification(&format!("reset-password:{id}"), "ada", end)).await;
            let key = key(Purpose::ResetPassword, id);
            let late = store
                .verifications()
                .consume(&key, now() + instant)
                .await
                .unwrap();
            assert_eq!(late, None, "{id}");
            let in_time = store
                .verifications()
                .consume(&key, now() - instant)
                .await
                .unwrap();
            assert_eq!(in_time.map(|row| row.expires_at), Some(now()), "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_others_are_left_alone() {
    for test in databases().await {
        let store = test.store().await;
        let raw = test.connection().await;
        run(
            &raw,
            r#"ALTER TABLE "user" ADD COLUMN "rank" text DEFAULT 'visitor'"#,
        )
        .await;
        run(&raw, &user(&raw, "ada")).await;
        run(&raw, r#"UPDATE "user" SET "rank" = 'captain'"#).await;
        let change = ProfileChange {
            name: Some(UserName::from_stored("Ada")),
            image: None,
            ..ProfileChange::default()
        };
        let (store, ada): (&dyn Store, _) = (&store, UserId::from_stored("ada"));
        store
            .users()
            .update(&ada, &change.clone().into(), at(1))
            .await
            .unwrap();
        assert!(store.users().soft_delete(&ada, at(2)).await.unwrap().is_removed());
        assert!(store.users().restore(&ada, at(3)).await.unwrap().is_applied());
        let rank = text(&raw, r#"SELECT "rank" FROM "user" WHERE "name" = 'Ada'"#).await;
        assert_eq!(rank.as_deref(), Some("captain"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dt_2_deletion_does_not_rely_on_the_schema() {
    for test in databases().await {
        let raw = test.connection().await;
        let date = if raw.get_database_backend() == DbBackend::Sqlite {
            "date"
        } else {
            "timestamptz"
        };
        // These refer to the user without saying what becomes of them when the user goes.
        run(
            &raw,
            &format!(
                r#"CREATE TABLE "user" ("id" text NOT NULL PRIMARY KEY, "name" text NOT NULL,
                    "email" text NOT NULL UNIQUE, "emailVerified" boolean NOT NULL, "image" text,
                    "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL);
                CREATE TABLE "session" ("id" text NOT NULL PRIMARY KEY, "expiresAt" {date} NOT NULL,
                    "token" text NOT NULL UNIQUE, "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL,
                    "ipAddress" text, "userAgent" text, "userId" text NOT NULL REFERENCES "user" ("id"));"#
            ),
        )
        .await;
        let store = test.store().await;
        for (id, end) in FORMS {
            run(&raw, &user(&raw, id)).await;
            run(&raw, &session(id, id, end)).await;
            run(&raw, &verification(&format!("reset-password:{id}"), id, end)).await;
        }
        let store: &dyn Store = &store;
        assert!(
            store
                .users()
                .delete(&UserId::from_stored("zulu"))
                .await
                .unwrap()
                .is_removed()
        );
        for (table, column) in [("user", "id"), ("session", "userId"), ("verification", "value")] {
            let left = text(&raw, &format!(r#"SELECT max("{column}") FROM "{table}""#)).await;
            assert_eq!(left.as_deref(), Some("offset"), "{table}");
        }
    }
}

#[tokio::test]
async fn h5_a_credential_account_has_the_issuer_by_which_better_auth_1_7_1_finds_it() {
    for test in databases().await {
        let database = test.connection().await;
        let store = test.store().await;
        run(&database, r#"ALTER TABLE "account" ADD COLUMN "issuer" text"#).await;
        let user = samples::user("ada");
        store.users().insert(&user).await.unwrap();
        let account = samples::credential(&user, "hash");
        store.accounts().insert(&account).await.unwrap();
        let query = format!(
            r#"SELECT count(*) FROM "account" WHERE "id" = '{}' AND "issuer" = 'local:credential'"#,
            account.id.as_str()
        );
        let statement = Statement::from_string(database.get_database_backend(), query);
        let row = database.query_one_raw(statement).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 1);
    }
}
