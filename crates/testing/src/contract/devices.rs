//! Promises about known devices.

use std::sync::Arc;

use doorward_domain::device::Device;
use doorward_domain::user::User;
use doorward_domain::{Inserted, Store, TokenDigest, UserId};
use futures_util::future::join_all;

use super::add_user;
use crate::samples::at;

fn device(id: &str, user: &User, browser: &str, seen: i64) -> Device {
    Device {
        id: id.to_owned(),
        user_id: user.id.clone(),
        digest: TokenDigest::of(browser),
        first_seen: at(seen),
        last_seen: at(seen),
    }
}

async fn knows(store: &Arc<dyn Store>, user: &User, browser: &str, since: i64) -> bool {
    let (devices, digest) = (store.devices(), TokenDigest::of(browser));
    devices.is_known(&user.id, &digest, at(since)).await.unwrap()
}

async fn ids(store: &Arc<dyn Store>, user: &UserId) -> Vec<String> {
    let devices = store.devices().list(user).await.unwrap();
    devices.into_iter().map(|device| device.id).collect()
}

/// A device is known from when it was marked; marked again, it is the same row, seen later.
pub async fn mark_and_know(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    assert!(!knows(&store, &ada, "laptop", 0).await);
    let laptop = device("1", &ada, "laptop", 1);
    assert_eq!(store.devices().mark(&laptop).await.unwrap(), Inserted::Inserted);
    assert_eq!(store.devices().list(&ada.id).await.unwrap(), [laptop]);
    assert!(knows(&store, &ada, "laptop", 1).await);
    assert!(!knows(&store, &ada, "laptop", 2).await, "not seen since");

    let again = device("2", &ada, "laptop", 5);
    assert_eq!(
        store.devices().mark(&again).await.unwrap(),
        Inserted::AlreadyThere
    );
    let seen_again = Device {
        id: "1".to_owned(),
        first_seen: at(1),
        ..again
    };
    assert_eq!(store.devices().list(&ada.id).await.unwrap(), [seen_again]);
    assert!(knows(&store, &ada, "laptop", 5).await);
    let phone = device("0", &ada, "phone", 6);
    assert_eq!(store.devices().mark(&phone).await.unwrap(), Inserted::Inserted);
    assert_eq!(ids(&store, &ada.id).await, ["0", "1"], "the one seen last first");
}

/// What one user has in a browser says nothing of another.
pub async fn rl_5_devices_of_users_are_apart(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    let marked = store.devices().mark(&device("1", &ada, "laptop", 0)).await;
    assert_eq!(marked.unwrap(), Inserted::Inserted);
    assert!(!knows(&store, &grace, "laptop", 0).await);
    let marked = store.devices().mark(&device("2", &grace, "laptop", 3)).await;
    assert_eq!(marked.unwrap(), Inserted::Inserted);
    assert!(!knows(&store, &ada, "laptop", 1).await);
    assert_eq!(store.devices().forget(&ada.id).await.unwrap(), 1);
    assert!(knows(&store, &grace, "laptop", 3).await);
}

/// Of any number of sign-ins in one new browser, one adds it.
pub async fn concurrent_marks(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let marks = (0..8).map(|number| {
        let (store, device) = (store.clone(), device(&number.to_string(), &ada, "laptop", number));
        tokio::spawn(async move { store.devices().mark(&device).await.unwrap() })
    });
    let outcomes = join_all(marks).await;
    let added = outcomes.into_iter().filter(|outcome| {
        let outcome = outcome.as_ref().unwrap();
        outcome.is_inserted()
    });
    assert_eq!(added.count(), 1);
    assert_eq!(ids(&store, &ada.id).await.len(), 1);
}

/// Those seen last stay.
pub async fn trim(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    for (id, user, seen) in [("a", &ada, 3), ("b", &ada, 1), ("c", &ada, 2), ("d", &grace, 0)] {
        let marked = store.devices().mark(&device(id, user, id, seen)).await;
        assert_eq!(marked.unwrap(), Inserted::Inserted);
    }
    assert_eq!(store.devices().trim(&ada.id, 3).await.unwrap(), 0);
    assert_eq!(store.devices().trim(&ada.id, 2).await.unwrap(), 1);
    assert_eq!(ids(&store, &ada.id).await, ["a", "c"]);
    assert_eq!(ids(&store, &grace.id).await, ["d"]);
}

/// All of one user's.
pub async fn forget(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    for (id, user) in [("a", &ada), ("b", &ada), ("c", &grace)] {
        let marked = store.devices().mark(&device(id, user, id, 0)).await;
        assert_eq!(marked.unwrap(), Inserted::Inserted);
    }
    assert_eq!(store.devices().forget(&ada.id).await.unwrap(), 2);
    assert_eq!(store.devices().forget(&ada.id).await.unwrap(), 0);
    assert_eq!(ids(&store, &ada.id).await, [""; 0]);
    assert_eq!(ids(&store, &grace.id).await, ["c"]);
}

/// Those that nobody used for long, at most as many as asked for.
pub async fn purge_unseen(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    for (id, seen) in [("a", 0), ("b", 1), ("c", 2), ("d", 3)] {
        let marked = store.devices().mark(&device(id, &ada, id, seen)).await;
        assert_eq!(marked.unwrap(), Inserted::Inserted);
    }
    assert_eq!(store.devices().purge_unseen(at(3), 2).await.unwrap(), 2);
    assert_eq!(store.devices().purge_unseen(at(3), 9).await.unwrap(), 1);
    assert_eq!(store.devices().purge_unseen(at(3), 9).await.unwrap(), 0);
    assert_eq!(ids(&store, &ada.id).await, ["d"]);
}

/// Whether the user is removed at once or after the retention.
pub async fn go_with_their_user(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    for (id, user) in [("a", &ada), ("b", &grace)] {
        let marked = store.devices().mark(&device(id, user, id, 0)).await;
        assert_eq!(marked.unwrap(), Inserted::Inserted);
    }
    assert!(store.users().delete(&ada.id).await.unwrap().is_removed());
    assert_eq!(ids(&store, &ada.id).await, [""; 0]);
    let deleted = store.users().soft_delete(&grace.id, at(1)).await.unwrap();
    assert!(deleted.is_removed());
    assert_eq!(store.users().purge_deleted(at(2), 9).await.unwrap().len(), 1);
    assert_eq!(ids(&store, &grace.id).await, [""; 0]);
}
