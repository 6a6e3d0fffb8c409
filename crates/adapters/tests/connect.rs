//! What the URL of a database says, and what every connection begins with.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use doorward_adapters::sea_orm::{ConnectError, ConnectOptions, SeaStore, SeaTransaction, connect};
use doorward_domain::{Secret, Store, StoreError};
use doorward_testing::TestDatabase;
use doorward_testing::samples::{self, at};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

async fn open(url: &str) -> Result<SeaStore, ConnectError> {
    let options = ConnectOptions {
        url: Secret::new(url.to_owned()),
        max_connections: None,
    };
    connect(&options).await
}

async fn show(connection: &DatabaseTransaction, setting: &str) -> String {
    let statement = Statement::from_string(DbBackend::Postgres, format!("SHOW {setting}"));
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_makes_no_file_where_one_is_expected() {
    let home = tempfile::tempdir().unwrap();
    for (mode, is_made) in [
        ("?mode=rw", false),
        ("?cache=private&mode=rw", false),
        ("?mode=rwc", true),
        ("", true),
    ] {
        let file = home.path().join(format!("{}.db", mode.len()));
        let outcome = open(&format!("sqlite://{}{mode}", file.display())).await;
        assert_eq!((outcome.is_ok(), file.exists()), (is_made, is_made), "{mode}");
    }
    let file = home.path().join("9.db");
    assert!(
        open(&format!("sqlite://{}?mode=rwc", file.display()))
            .await
            .is_ok()
    );
    assert!(
        open(&format!("sqlite://{}?mode=rw", file.display()))
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_of_the_url_is_used_and_has_to_exist() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let with = |parameter: &str| format!("{}?{parameter}", test.url());
    let missing = open(&with("schema=auth")).await;
    assert!(
        matches!(&missing, Err(ConnectError::NoSchema(name)) if name == "auth"),
        "{missing:?}"
    );
    let raw = test.connection().await;
    raw.execute_unprepared("CREATE SCHEMA auth").await.unwrap();
    for parameter in ["schema=auth", "search_path=auth"] {
        let store = open(&with(parameter)).await.unwrap();
        store.migrate().await.unwrap();
        let store: &dyn Store = &store;
        let user = samples::user(&parameter[..6]);
        store.users().insert(&user).await.unwrap();
        raw.execute_unprepared(r#"SELECT "id" FROM auth."user""#)
            .await
            .unwrap();
    }
    let in_public = raw.execute_unprepared(r#"SELECT 1 FROM public."user""#).await;
    assert!(in_public.is_err(), "nothing is made beside the schema");
}

#[tokio::test(flavor = "multi_thread")]
async fn re_6_no_statement_of_a_request_waits_for_ever() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let store = test.store().await;
    let store: &dyn Store = &store;
    let user = samples::user("ada");
    store.users().insert(&user).await.unwrap();
    let tx = store.begin(&doorward_testing::samples::request()).await.unwrap();
    let connection = SeaTransaction::of(&*tx).unwrap();
    for (setting, expected) in [
        ("lock_timeout", "2s"),
        ("statement_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("client_min_messages", "warning"),
    ] {
        assert_eq!(show(connection, setting).await, expected, "{setting}");
    }
    // A lock that somebody else keeps, and a statement without an end.
    let lock = r#"LOCK TABLE "user" IN ACCESS EXCLUSIVE MODE"#;
    connection.execute_unprepared(lock).await.unwrap();
    let refused = store.users().soft_delete(&user.id, at(1)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_says_is_told_without_the_line_of_its_source() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let mut nowhere = url::Url::parse(test.url()).unwrap();
    nowhere.set_path("doorward_nowhere");
    let refused = open(nowhere.as_str()).await.unwrap_err();
    assert!(!refused.is_unavailable());
    let cause = std::error::Error::source(&refused).unwrap();
    assert_eq!(cause.to_string(), r#"database "doorward_nowhere" does not exist"#);
    assert!(cause.source().is_none());
    let store = test.store().await;
    let raw = test.connection().await;
    raw.execute_unprepared(r#"ALTER TABLE "user" RENAME TO "people""#)
        .await
        .unwrap();
    let store: &dyn Store = &store;
    let failed = store.users().find(&samples::user("ada").id).await.unwrap_err();
    let cause = std::error::Error::source(&failed).unwrap();
    assert_eq!(cause.to_string(), r#"relation "user" does not exist"#);
}
