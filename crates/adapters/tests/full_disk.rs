//! A disk that was full once, or could only be read, does not harm what comes after.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use doorward_adapters::sea_orm::{ConnectOptions, SeaTransaction, connect};
use doorward_domain::user::{User, UserName};
use doorward_domain::{Secret, Store, StoreError};
use doorward_testing::{TestDatabase, samples};
use sea_orm::ConnectionTrait;

/// Changes how the only connection of the pool behaves.
async fn pragma(store: &dyn Store, pragma: &str) {
    let tx = store.begin(&doorward_testing::samples::request()).await.unwrap();
    let connection = SeaTransaction::of(&*tx).unwrap();
    connection.execute_unprepared(pragma).await.unwrap();
    tx.commit().await.unwrap();
}

/// Sets the size at which SQLite says that the disk is full.
async fn limit(store: &dyn Store, pages: u32) {
    pragma(store, &format!("PRAGMA max_page_count = {pages}")).await;
}

/// A store with one connection.
async fn store_of(test: &TestDatabase) -> impl Store + use<> {
    test.store().await;
    let options = ConnectOptions {
        url: Secret::new(test.url().to_owned()),
        max_connections: Some(1),
    };
    connect(&options).await.unwrap()
}

/// One that fills a page or more.
fn big(id: &str) -> User {
    User {
        name: UserName::from_stored("x".repeat(9000)),
        ..samples::user(id)
    }
}

async fn add(store: &dyn Store, user: &User) -> Result<(), StoreError> {
    let tx = store.begin(&doorward_testing::samples::request()).await?;
    tx.users().insert(user).await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn re_1_re_11_nothing_is_acknowledged_and_lost_after_the_disk_was_full() {
    let test = TestDatabase::sqlite();
    let store = store_of(&test).await;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        // SQLite raises a limit below the present size to that size.
        limit(&store, 1).await;
        let refused = loop {
            let user = big(&format!("full-{round}-{}", acknowledged.len()));
            match add(&store, &user).await {
                Ok(()) => acknowledged.push(user.id),
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
        limit(&store, 1_000_000).await;
        // SQLite ended the transaction itself. On a connection where nobody noticed, what is begun now is only a part of
        // a transaction, and undoing it leaves that open: all that follows would be in a transaction nobody commits.
        drop(store.begin(&doorward_testing::samples::request()).await.unwrap());
        for number in 0..20 {
            let user = samples::user(&format!("after-{round}-{number}"));
            if add(&store, &user).await.is_ok() {
                acknowledged.push(user.id);
            }
        }
    }
    let fresh: &dyn Store = &store_of(&test).await;
    for id in &acknowledged {
        assert!(fresh.users().find(id).await.unwrap().is_some(), "{id} is lost");
    }
    assert!(
        acknowledged.len() >= 60,
        "only {} were stored",
        acknowledged.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn re_5_a_file_that_can_only_be_read_is_out_of_reach() {
    let test = TestDatabase::sqlite();
    let store = store_of(&test).await;
    pragma(&store, "PRAGMA query_only = ON").await;
    let refused = add(&store, &samples::user("early")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
}
