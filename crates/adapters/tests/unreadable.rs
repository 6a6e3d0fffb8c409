//! Rows that others wrote and that cannot be read, or only in part.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use chrono::Datelike as _;
use doorward_domain::session::SessionToken;
use doorward_domain::user::{Page, SortKey, UserColumn, UserOrder, UserQuery};
use doorward_domain::verification::Purpose;
use doorward_domain::{Inconsistent, Store, StoreError, UserId};
use doorward_testing::TestDatabase;
use doorward_testing::samples::{self, key, now};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

const MOMENT: &str = "2026-01-02T03:04:05.678Z";

async fn databases() -> Vec<TestDatabase> {
    let both = [Some(TestDatabase::sqlite()), TestDatabase::postgres().await];
    both.into_iter().flatten().collect()
}

async fn run(database: &DatabaseConnection, script: &str) {
    database.execute_unprepared(script).await.unwrap();
}

/// Tables of a team, whose users may lack a name and have a number as role.
async fn make_tables(database: &DatabaseConnection) {
    let date = match database.get_database_backend() {
        DbBackend::Sqlite => "date",
        _ => "timestamptz",
    };
    run(
        database,
        &format!(
            r#"CREATE TABLE "user" ("id" text NOT NULL PRIMARY KEY, "name" text,
                "email" text NOT NULL UNIQUE, "emailVerified" boolean NOT NULL, "image" text, "role" integer,
                "createdAt" {date} NOT NULL, "updatedAt" {date});
            CREATE TABLE "session" ("id" text NOT NULL PRIMARY KEY, "expiresAt" {date} NOT NULL,
                "token" text NOT NULL UNIQUE, "createdAt" {date} NOT NULL, "updatedAt" {date},
                "ipAddress" text, "userAgent" text, "userId" text NOT NULL REFERENCES "user" ("id"));
            CREATE TABLE "verification" ("id" text NOT NULL PRIMARY KEY, "identifier" text NOT NULL,
                "value" text NOT NULL, "expiresAt" {date} NOT NULL, "createdAt" {date}, "updatedAt" {date});"#
        ),
    )
    .await;
}

fn user(id: &str, name: &str, role: &str) -> String {
    format!(
        r#"INSERT INTO "user" ("id", "name", "email", "emailVerified", "role", "createdAt")
            VALUES ('{id}', {name}, '{id}@example.test', false, {role}, '{MOMENT}');
        INSERT INTO "session" ("id", "userId", "token", "expiresAt", "createdAt")
            VALUES ('session-{id}', '{id}', 'token-{id}', '{MOMENT}', '{MOMENT}');"#
    )
}

fn inconsistent<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    let StoreError::Failed(cause) = outcome.unwrap_err() else {
        panic!("not the error of a row");
    };
    cause.downcast::<Inconsistent>().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_user_is_an_error_and_never_nobody() {
    for test in databases().await {
        let raw = test.connection().await;
        make_tables(&raw).await;
        let store = test.store().await;
        let store: &dyn Store = &store;
        run(&raw, &user("nameless", "NULL", "NULL")).await;
        run(&raw, &user("numbered", "'n'", "7")).await;
        run(&raw, &user("fine", "'f'", "NULL")).await;
        let find = async |id: &str| {
            let token = SessionToken::parse(&format!("token-{id}")).unwrap();
            store.sessions().find_with_user(&token).await
        };
        assert!(find("fine").await.unwrap().is_some());
        assert!(find("nobody").await.unwrap().is_none());
        for (id, column) in [("nameless", "name"), ("numbered", "role")] {
            let expected = format!("column `{column}` of the row `{id}` in table `user` cannot be read");
            assert_eq!(inconsistent(find(id).await), expected);
            let id = UserId::from_stored(id);
            assert_eq!(inconsistent(store.users().find(&id).await), expected);
        }
    }
}

/// The same of every other table that a request reads.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_row_is_an_error_and_never_absent() {
    for test in databases().await {
        let store = test.store().await;
        let store: &dyn Store = &store;
        let raw = test.connection().await;
        let ada = samples::user("ada");
        store.users().insert(&ada).await.unwrap();
        store
            .sessions()
            .insert(&samples::session(&ada, "alpha"))
            .await
            .unwrap();
        store
            .accounts()
            .insert(&samples::credential(&ada, "hash"))
            .await
            .unwrap();
        let key = key(Purpose::ResetPassword, "alpha");
        store
            .verifications()
            .insert(&samples::verification(&key, &ada))
            .await
            .unwrap();
        // A column of another type, as a team may have made it.
        for (table, column) in [
            ("session", "userAgent"),
            ("account", "scope"),
            ("verification", "value"),
        ] {
            run(
                &raw,
                &format!(
                    r#"ALTER TABLE "{table}" DROP COLUMN "{column}";
                    ALTER TABLE "{table}" ADD COLUMN "{column}" integer NOT NULL DEFAULT 7;"#
                ),
            )
            .await;
        }
        let token = SessionToken::parse("alpha").unwrap();
        let (sessions, accounts) = (store.sessions(), store.accounts());
        failed("find_with_user", &sessions.find_with_user(&token).await);
        failed("list_live", &sessions.list_live(&ada.id, now()).await);
        failed("list_all", &sessions.list_all(&ada.id).await);
        failed("accounts", &accounts.list(&ada.id).await);
        failed("find_credential", &accounts.find_credential(&ada.id).await);
        failed("find", &store.verifications().find(&key).await);
        let tx = store.begin(&samples::request()).await.unwrap();
        let id = samples::session(&ada, "alpha").id;
        failed("lock", &tx.sessions().lock(&id).await);
        drop(tx);
        let tx = store.begin(&samples::request()).await.unwrap();
        failed("consume", &tx.verifications().consume(&key, now()).await);
        drop(tx);

        run(&raw, r#"ALTER TABLE "user" DROP COLUMN "image"; ALTER TABLE "user" ADD COLUMN "image" integer DEFAULT 7;"#).await;
        failed("list", &store.users().list(&everybody()).await);
        failed("find_by_email", &store.users().find_by_email(&ada.email).await);
    }
}

fn failed<T: std::fmt::Debug>(what: &str, outcome: &Result<T, StoreError>) {
    assert!(
        matches!(outcome, Err(StoreError::Failed(_))),
        "{what}: {outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_that_nobody_needs_may_be_missing() {
    for test in databases().await {
        let raw = test.connection().await;
        make_tables(&raw).await;
        let store = test.store().await;
        let store: &dyn Store = &store;
        run(&raw, &user("ada", "'Ada'", "NULL")).await;
        let insert = format!(
            r#"INSERT INTO "verification" ("id", "identifier", "value", "expiresAt")
                VALUES ('v', 'reset-password:alpha', 'ada', '{MOMENT}');"#
        );
        run(&raw, &insert).await;
        let token = SessionToken::parse("token-ada").unwrap();
        let (session, user) = store.sessions().find_with_user(&token).await.unwrap().unwrap();
        assert_eq!((session.updated_at, user.updated_at), (now(), now()));
        let key = key(Purpose::ResetPassword, "alpha");
        let found = store.verifications().find(&key).await.unwrap().unwrap();
        assert_eq!(found.created_at, now());
        let early = now() - chrono::TimeDelta::seconds(1);
        let consumed = store.verifications().consume(&key, early).await.unwrap();
        assert_eq!(consumed, Some(found));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_beyond_all_calendars_are_read_as_the_last_or_the_first() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let store = test.store().await;
    let store: &dyn Store = &store;
    let raw = test.connection().await;
    for (id, moment, year) in [
        ("never", "infinity", 9999),
        ("ever", "-infinity", 1),
        ("late", "294276-12-31 23:59:59+00", 9999),
        ("later", "262200-01-01 00:00:00+00", 9999),
        ("early", "4713-01-02 00:00:00+00 BC", 1),
        ("before", "0044-03-15 00:00:00+00 BC", 1),
    ] {
        let user = samples::user(id);
        store.users().insert(&user).await.unwrap();
        store
            .sessions()
            .insert(&samples::session(&user, id))
            .await
            .unwrap();
        run(
            &raw,
            &format!(
                r#"UPDATE "user" SET "createdAt" = '{moment}', "updatedAt" = '{moment}', "banExpires" = '{moment}'
                    WHERE "id" = '{id}';
                UPDATE "session" SET "expiresAt" = '{moment}', "createdAt" = '{moment}' WHERE "userId" = '{id}'"#
            ),
        )
        .await;
        let found = store.users().find_by_email(&user.email).await.unwrap().unwrap();
        let dates = [found.created_at, found.updated_at, found.ban.expires_at.unwrap()];
        assert_eq!(dates.map(|date| date.year()), [year; 3], "{id}");
        let token = SessionToken::parse(id).unwrap();
        let (session, _) = store.sessions().find_with_user(&token).await.unwrap().unwrap();
        assert_eq!(session.expires_at.year(), year, "{id}");
    }
    assert_eq!(store.users().list(&everybody()).await.unwrap().users.len(), 6);
}

fn everybody() -> UserQuery {
    UserQuery {
        search: None,
        filter: None,
        order: UserOrder {
            by: SortKey::Column(UserColumn::CreatedAt),
            descending: false,
        },
        slice: Page::Offset(0),
        limit: 9,
        deleted: false,
    }
}
