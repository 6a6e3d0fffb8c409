//! Promises about the deletion of users, restoring them, and purging them.

use std::sync::Arc;

use doorward_domain::user::{Email, ProfileChange, User, UserName};
use doorward_domain::verification::{Purpose, Verification};
use doorward_domain::{Store, UserId};

use super::sessions::{add, live, token};
use super::users::is_email_conflict;
use super::{add_user, present};
use crate::samples::{self, at, email};

/// A deleted user is absent, the address is free, and all of it can be undone.
pub async fn soft_delete_and_restore(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    assert!(
        !store.users().restore(&ada.id, at(1)).await.unwrap().is_applied(),
        "nothing to restore"
    );
    assert!(
        store
            .users()
            .soft_delete(&ada.id, at(1))
            .await
            .unwrap()
            .is_removed()
    );
    assert!(
        !store
            .users()
            .soft_delete(&ada.id, at(2))
            .await
            .unwrap()
            .is_removed()
    );
    let tombstone = Email::tombstone(&ada.id);
    assert_eq!(present(&store, &ada.id).await, None);
    assert_eq!(store.users().lock(&ada.id).await.unwrap(), None);
    for address in [&ada.email, &tombstone] {
        assert_eq!(store.users().find_by_email(address).await.unwrap(), None);
    }
    let change = ProfileChange {
        name: Some(UserName::from_stored("x")),
        image: None,
        ..ProfileChange::default()
    };
    assert_eq!(
        store
            .users()
            .update(&ada.id, &change.clone().into(), at(2))
            .await
            .unwrap(),
        None
    );
    assert!(
        !store
            .users()
            .mark_email_verified(&ada.id, &tombstone, at(2))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(
        !store
            .users()
            .change_email(&ada.id, &tombstone, &email("x"), true, at(2))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(store.users().restore(&ada.id, at(3)).await.unwrap().is_applied());
    assert_eq!(
        present(&store, &ada.id).await,
        Some(User {
            updated_at: at(3),
            ..ada
        })
    );
}

/// Somebody else has the address by now.
pub async fn restore_onto_a_taken_address(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    assert!(
        store
            .users()
            .soft_delete(&ada.id, at(1))
            .await
            .unwrap()
            .is_removed()
    );
    let successor = User {
        email: ada.email.clone(),
        ..samples::user("successor")
    };
    store.users().insert(&successor).await.unwrap();
    assert!(is_email_conflict(&store.users().restore(&ada.id, at(2)).await));
    assert_eq!(present(&store, &ada.id).await, None);
    assert_eq!(present(&store, &successor.id).await, Some(successor));
}

/// Accounts, sessions and links go with the user, and nobody else's.
pub async fn delete_takes_everything(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    for user in [&ada, &grace] {
        store
            .accounts()
            .insert(&samples::credential(user, "hash"))
            .await
            .unwrap();
        store
            .sessions()
            .insert(&samples::session(user, user.id.as_str()))
            .await
            .unwrap();
        let key = samples::key(Purpose::ResetPassword, user.id.as_str());
        store
            .verifications()
            .insert(&samples::verification(&key, user))
            .await
            .unwrap();
    }
    assert!(store.users().delete(&ada.id).await.unwrap().is_removed());
    assert!(!store.users().delete(&ada.id).await.unwrap().is_removed());
    for (user, left) in [(&ada, 0), (&grace, 1)] {
        assert_eq!(store.accounts().list(&user.id).await.unwrap().len(), left);
        assert_eq!(
            store.sessions().list_live(&user.id, at(0)).await.unwrap().len(),
            left
        );
        let key = samples::key(Purpose::ResetPassword, user.id.as_str());
        assert_eq!(
            usize::from(store.verifications().find(&key).await.unwrap().is_some()),
            left
        );
    }
    store.users().insert(&ada).await.unwrap();
}

/// Those deleted before go as well, and so do links of Better Auth, which name the user in their value only.
pub async fn delete_takes_the_deleted(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let key = samples::key(Purpose::DeleteAccount, "alpha");
    let left = Verification {
        user_id: None,
        ..samples::verification(&key, &ada)
    };
    store.verifications().insert(&left).await.unwrap();
    assert!(
        store
            .users()
            .soft_delete(&ada.id, at(1))
            .await
            .unwrap()
            .is_removed()
    );
    assert!(store.users().delete(&ada.id).await.unwrap().is_removed());
    assert!(!store.users().restore(&ada.id, at(2)).await.unwrap().is_applied());
    assert_eq!(store.verifications().find(&key).await.unwrap(), None);
    store.users().insert(&ada).await.unwrap();
}

/// Those whose time is over, a few at a time, and nobody who is present.
pub async fn purge_deleted(store: Arc<dyn Store>) {
    for (number, id) in (0_i64..).zip(["a", "b", "c", "d"]) {
        let user = add_user(&store, id).await;
        assert!(
            store
                .users()
                .soft_delete(&user.id, at(number))
                .await
                .unwrap()
                .is_removed()
        );
    }
    let present_user = add_user(&store, "present").await;
    let orphan = samples::credential(&samples::user("a"), "hash");
    store.accounts().insert(&orphan).await.unwrap();
    let purge = async || {
        let purged = store.users().purge_deleted(at(3), 2).await.unwrap();
        purged.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(purge().await, ["a", "b"]);
    assert_eq!(purge().await, ["c"]);
    assert_eq!(purge().await, [""; 0]);
    assert!(
        store
            .users()
            .restore(&UserId::from_stored("d"), at(9))
            .await
            .unwrap()
            .is_applied(),
        "its time is not over"
    );
    assert!(store.accounts().list(&orphan.user_id).await.unwrap().is_empty());
    assert_eq!(present(&store, &present_user.id).await, Some(present_user));
}

/// Whoever is restored is not purged: of the two, one happens, and wholly.
pub async fn purging_races_with_restoring(store: Arc<dyn Store>) {
    for round in 0..20 {
        let user = add_user(&store, &format!("user-{round}")).await;
        store
            .accounts()
            .insert(&samples::credential(&user, "hash"))
            .await
            .unwrap();
        assert!(
            store
                .users()
                .soft_delete(&user.id, at(1))
                .await
                .unwrap()
                .is_removed()
        );
        let (purging, restoring, id) = (store.clone(), store.clone(), user.id.clone());
        let purge = tokio::spawn(async move { purging.users().purge_deleted(at(2), 9).await });
        let restore = tokio::spawn(async move { restoring.users().restore(&id, at(3)).await });
        let purged = purge.await.unwrap().unwrap();
        let restored = restore.await.unwrap().unwrap().is_applied();
        assert_eq!(present(&store, &user.id).await.is_some(), restored);
        assert_eq!(
            store.accounts().list(&user.id).await.unwrap().len(),
            usize::from(restored)
        );
        assert_eq!(purged.len(), usize::from(!restored));
    }
}

/// A deleted user has no valid session; the rows of the sessions are deleted in another step.
pub async fn sessions_of_deleted_users(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    add(&store, samples::session(&ada, "alpha")).await;
    assert!(
        store
            .users()
            .soft_delete(&ada.id, at(1))
            .await
            .unwrap()
            .is_removed()
    );
    assert_eq!(
        store.sessions().find_with_user(&token("alpha")).await.unwrap(),
        None
    );
    assert_eq!(live(&store, &ada).await, ["session-alpha"]);
    assert_eq!(store.sessions().delete_all(&ada.id, None).await.unwrap(), 1);
    assert!(store.users().restore(&ada.id, at(2)).await.unwrap().is_applied());
    assert_eq!(
        store.sessions().find_with_user(&token("alpha")).await.unwrap(),
        None
    );
}
