//! Promises about transactions.

use std::sync::Arc;

use doorward_domain::user::{ProfileChange, User, UserName};
use doorward_domain::verification::Verification;
use doorward_domain::{Constraint, Store, StoreError, Transaction};
use futures_util::future::join_all;

use super::{add_user, present};
use crate::samples::{self, at};

async fn write_everywhere(tx: &dyn Transaction, user: &User) {
    tx.users().insert(user).await.unwrap();
    tx.accounts()
        .insert(&samples::credential(user, "hash"))
        .await
        .unwrap();
    tx.sessions()
        .insert(&samples::session(user, "alpha"))
        .await
        .unwrap();
    tx.outbox().push(&samples::message("email", at(0))).await.unwrap();
}

/// As if nothing had been written (RE-2).
pub async fn dropped_without_trace(store: Arc<dyn Store>) {
    let user = samples::user("ada");
    let tx = store.begin(&samples::request()).await.unwrap();
    write_everywhere(&*tx, &user).await;
    assert_eq!(
        tx.users().find(&user.id).await.unwrap(),
        Some(user.clone()),
        "it sees what it wrote"
    );
    drop(tx);
    let tx = store.begin(&samples::request()).await.unwrap();
    write_everywhere(&*tx, &user).await;
    drop(tx);
    assert_eq!(present(&store, &user.id).await, None);
    assert!(store.outbox().claim(at(0), at(1), 9).await.unwrap().is_empty());
}

/// All of it at once (RE-1).
pub async fn committed_and_visible(store: Arc<dyn Store>) {
    let user = samples::user("ada");
    let tx = store.begin(&samples::request()).await.unwrap();
    write_everywhere(&*tx, &user).await;
    tx.commit().await.unwrap();
    assert_eq!(present(&store, &user.id).await, Some(user.clone()));
    assert_eq!(store.accounts().list(&user.id).await.unwrap().len(), 1);
    assert_eq!(
        store.sessions().list_live(&user.id, at(0)).await.unwrap().len(),
        1
    );
    assert_eq!(store.outbox().claim(at(0), at(1), 9).await.unwrap().len(), 1);
}

/// Others see a transaction's writes when it commits, and not before.
pub async fn unseen_before_commit(store: Arc<dyn Store>) {
    let user = samples::user("ada");
    let tx = store.begin(&samples::request()).await.unwrap();
    write_everywhere(&*tx, &user).await;
    assert_eq!(present(&store, &user.id).await, None);
    tx.commit().await.unwrap();
    assert_eq!(present(&store, &user.id).await, Some(user));
}

/// Says which index refused, and the rest of the transaction can be dropped.
pub async fn conflict(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let tx = store.begin(&samples::request()).await.unwrap();
    let grace = samples::user("grace");
    tx.users().insert(&grace).await.unwrap();
    let outcome = tx
        .users()
        .insert(&User {
            email: ada.email.clone(),
            ..samples::user("third")
        })
        .await;
    assert!(
        matches!(outcome, Err(StoreError::Conflict(Constraint::UserEmail))),
        "{outcome:?}"
    );
    drop(tx);
    assert_eq!(present(&store, &grace.id).await, None);
}

/// Of transactions that claim the same thing, one gets it.
pub async fn unique_rows_settle_races(store: Arc<dyn Store>) {
    let attempt = |number: usize| {
        let store = store.clone();
        tokio::spawn(async move {
            let row = Verification::unique("spent:one".to_owned(), number.to_string(), None, at(9), at(0));
            let tx = store.begin(&samples::request()).await.unwrap();
            let won = tx
                .verifications()
                .insert_unless_live(&row, at(0))
                .await
                .unwrap()
                .is_inserted();
            tx.commit().await.unwrap();
            won
        })
    };
    let won: Vec<_> = join_all((0..10).map(attempt))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
}

/// Who holds the lock sees the user as the one before left them, so that no change is lost.
pub async fn locks_take_turns(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let add_email = |email: char| {
        let (store, id) = (store.clone(), ada.id.clone());
        tokio::spawn(async move {
            let tx = store.begin(&samples::request()).await.unwrap();
            let user = tx.users().lock(&id).await.unwrap().unwrap();
            let change = ProfileChange {
                name: Some(UserName::from_stored(format!("{}{email}", user.name))),
                image: None,
                ..ProfileChange::default()
            };
            tx.users()
                .update(&id, &change.clone().into(), at(1))
                .await
                .unwrap();
            tx.commit().await.unwrap();
        })
    };
    for outcome in join_all(('e'..'m').map(add_email)).await {
        outcome.unwrap();
    }
    let name = present(&store, &ada.id).await.unwrap().name;
    let mut emails: Vec<_> = name.as_str().strip_prefix("ada").unwrap().chars().collect();
    emails.sort_unstable();
    assert_eq!(emails, ('e'..'m').collect::<Vec<_>>());
}

/// Dropped in the middle, as when a client goes away, it gives back what it held.
pub async fn dropped_transactions_hold_nothing(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    for _ in 0..30 {
        let tx = store.begin(&samples::request()).await.unwrap();
        tx.users().lock(&ada.id).await.unwrap();
        assert!(tx.users().soft_delete(&ada.id, at(1)).await.unwrap().is_removed());
    }
    assert_eq!(present(&store, &ada.id).await, Some(ada));
}
