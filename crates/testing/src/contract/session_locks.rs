//! Sessions that are locked, or removed as they were seen.

use std::sync::Arc;
use std::time::Duration;

use doorward_domain::session::Session;
use doorward_domain::{Locked, SessionId, Store, StoreError};

use super::add_user;
use super::sessions::add;
use crate::samples::{self, at};

/// Only from the end that was seen: who extends the session in time keeps it.
pub async fn delete_unless_extended(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let session = add(&store, samples::session(&ada, "alpha")).await;
    let bystander = add(&store, samples::session(&ada, "beta")).await;
    let extended = store
        .sessions()
        .extend(&session.id, at(3600), at(7200), at(1))
        .await;
    assert!(extended.unwrap().is_applied());
    let delete = async |seen| {
        let outcome = store.sessions().delete_unless_extended(&session.id, seen).await;
        outcome.unwrap().is_removed()
    };
    assert!(!delete(at(3600)).await);
    assert!(!delete(at(9000)).await);
    assert_eq!(store.sessions().list_all(&ada.id).await.unwrap().len(), 2);
    assert!(delete(at(7200)).await);
    assert!(!delete(at(7200)).await, "it is gone");
    assert_eq!(store.sessions().list_all(&ada.id).await.unwrap(), [bystander]);
}

/// A session is locked as it is, expired or not; who ends it waits for the transaction that locked it.
pub async fn lock_a_session(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let expired = Session {
        expires_at: at(-1),
        ..samples::session(&ada, "expired")
    };
    let expired = add(&store, expired).await;
    let session = add(&store, samples::session(&ada, "alpha")).await;
    let tx = store.begin(&samples::request()).await.unwrap();
    let lock = async |id: &SessionId| tx.sessions().lock(id).await.unwrap().map(Locked::into_inner);
    assert_eq!(lock(&expired.id).await, Some(expired));
    assert_eq!(lock(&session.id).await, Some(session.clone()));
    assert_eq!(lock(&SessionId::from_stored("unknown")).await, None);
    let (ending, id) = (store.clone(), session.id.clone());
    let end = tokio::spawn(async move {
        let tx = ending.begin(&samples::request()).await?;
        let removed = tx.sessions().delete(&id).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(removed)
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!end.is_finished(), "the session is locked");
    assert_eq!(lock(&session.id).await, Some(session.clone()));
    tx.commit().await.unwrap();
    assert!(end.await.unwrap().unwrap().is_removed());
    let tx = store.begin(&samples::request()).await.unwrap();
    assert_eq!(tx.sessions().lock(&session.id).await.unwrap(), None);
}

/// The sessions in which somebody acts as another, and none of their own.
pub async fn list_impersonations(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    let as_ada = |token: &str, seconds| Session {
        impersonated_by: Some(grace.id.clone()),
        created_at: at(seconds),
        ..samples::session(&ada, token)
    };
    let (later, sooner) = (as_ada("later", 2), as_ada("sooner", 1));
    for session in [
        &later,
        &sooner,
        &samples::session(&grace, "own"),
        &samples::session(&ada, "hers"),
    ] {
        store.sessions().insert(session).await.unwrap();
    }
    let listed = store.sessions().list_impersonations(&grace.id).await.unwrap();
    assert_eq!(listed, [sooner, later]);
    assert!(
        store
            .sessions()
            .list_impersonations(&ada.id)
            .await
            .unwrap()
            .is_empty()
    );
}
