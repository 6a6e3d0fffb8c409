//! Promises about users.

use std::sync::Arc;

use doorward_domain::user::{Email, ImageUrl, ProfileChange, User, UserName};
use doorward_domain::verification::{Purpose, Verification};
use doorward_domain::{Changed, Constraint, Locked, Store, StoreError, UserId};
use futures_util::future::join_all;

use super::{add_user, present};
use crate::samples::{self, at, email};

fn is_email_conflict<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Conflict(Constraint::UserEmail)))
}

/// What was written is read back, to the millisecond.
pub async fn insert_and_find(store: Arc<dyn Store>) {
    let user = User {
        image: Some(ImageUrl::from_stored("https://example.test/a.png")),
        email_verified: true,
        ..samples::user("ada")
    };
    store.users().insert(&user).await.unwrap();
    assert_eq!(present(&store, &user.id).await, Some(user.clone()));
    assert_eq!(
        store.users().find_by_email(&user.email).await.unwrap(),
        Some(user.clone())
    );
    let locked = store.users().lock(&user.id).await.unwrap();
    assert_eq!(locked.map(Locked::into_inner), Some(user));
    assert_eq!(present(&store, &UserId::from_stored("grace")).await, None);
    assert_eq!(store.users().find_by_email(&email("grace")).await.unwrap(), None);
    store.ping().await.unwrap();
}

/// One user to an address; the second changes nothing.
pub async fn email_is_unique(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let second = User {
        email: ada.email.clone(),
        ..samples::user("second")
    };
    assert!(is_email_conflict(&store.users().insert(&second).await));
    assert_eq!(present(&store, &second.id).await, None);
    let same_id = User {
        email: email("other"),
        ..ada.clone()
    };
    assert!(matches!(
        store.users().insert(&same_id).await,
        Err(StoreError::Conflict(Constraint::Other))
    ));
    assert_eq!(present(&store, &ada.id).await, Some(ada));
}

/// However many sign up with one address at a time.
pub async fn re_3_of_concurrent_sign_ups_one_wins(store: Arc<dyn Store>) {
    let sign_up = |number: usize| {
        let store = store.clone();
        tokio::spawn(async move {
            let user = User {
                email: email("ada"),
                ..samples::user(&format!("user-{number}"))
            };
            let tx = store.begin(&samples::request()).await?;
            tx.users().insert(&user).await?;
            tx.accounts().insert(&samples::credential(&user, "hash")).await?;
            tx.commit().await
        })
    };
    let outcomes: Vec<_> = join_all((0..20).map(sign_up))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        1,
        "{outcomes:?}"
    );
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.is_ok() || is_email_conflict(outcome)),
        "{outcomes:?}"
    );
    let winner = store.users().find_by_email(&email("ada")).await.unwrap().unwrap();
    assert!(
        store
            .accounts()
            .find_credential(&winner.id)
            .await
            .unwrap()
            .is_some()
    );
}

/// Only what is named changes.
pub async fn update(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let bystander = add_user(&store, "grace").await;
    let image = ImageUrl::from_stored("https://example.test/a.png");
    let named = ProfileChange {
        name: Some(UserName::from_stored("Ada L.")),
        image: None,
        ..ProfileChange::default()
    };
    let changed = store
        .users()
        .update(&ada.id, &named.clone().into(), at(1))
        .await
        .unwrap();
    let expected = User {
        name: UserName::from_stored("Ada L."),
        updated_at: at(1),
        ..ada.clone()
    };
    assert_eq!(changed, Some(expected.clone()));
    let pictured = ProfileChange {
        name: None,
        image: Some(Some(image.clone())),
        ..ProfileChange::default()
    };
    let changed = store
        .users()
        .update(&ada.id, &pictured.clone().into(), at(2))
        .await
        .unwrap();
    assert_eq!(
        changed,
        Some(User {
            image: Some(image),
            updated_at: at(2),
            ..expected.clone()
        })
    );
    let bare = ProfileChange {
        name: None,
        image: Some(None),
        ..ProfileChange::default()
    };
    let changed = store
        .users()
        .update(&ada.id, &bare.clone().into(), at(3))
        .await
        .unwrap();
    assert_eq!(
        changed,
        Some(User {
            image: None,
            updated_at: at(3),
            ..expected
        })
    );
    assert_eq!(present(&store, &bystander.id).await, Some(bystander));
    let nobody = UserId::from_stored("nobody");
    assert_eq!(
        store
            .users()
            .update(&nobody, &named.clone().into(), at(4))
            .await
            .unwrap(),
        None
    );
}

/// Once, and only for the address that was shown to be theirs.
pub async fn mark_email_verified(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    assert!(
        !store
            .users()
            .mark_email_verified(&ada.id, &email("former"), at(1))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(!present(&store, &ada.id).await.unwrap().email_verified);
    assert!(
        store
            .users()
            .mark_email_verified(&ada.id, &ada.email, at(1))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(
        !store
            .users()
            .mark_email_verified(&ada.id, &ada.email, at(2))
            .await
            .unwrap()
            .is_applied()
    );
    let expected = User {
        email_verified: true,
        updated_at: at(1),
        ..ada.clone()
    };
    assert_eq!(present(&store, &ada.id).await, Some(expected));
}

/// From the address the change was asked for, and never onto one that is taken.
pub async fn change_email(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let grace = add_user(&store, "grace").await;
    let change =
        async |from: &Email, to: &Email| store.users().change_email(&ada.id, from, to, true, at(1)).await;
    assert!(
        !change(&email("former"), &email("new"))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(is_email_conflict(&change(&ada.email, &grace.email).await));
    assert_eq!(present(&store, &ada.id).await, Some(ada.clone()));
    assert!(change(&ada.email, &email("new")).await.unwrap().is_applied());
    let expected = User {
        email: email("new"),
        email_verified: true,
        updated_at: at(1),
        ..ada.clone()
    };
    assert_eq!(present(&store, &ada.id).await, Some(expected));
    assert!(!change(&ada.email, &email("newer")).await.unwrap().is_applied());
}

/// However many move to one address at a time.
pub async fn re_3_of_concurrent_moves_one_wins(store: Arc<dyn Store>) {
    let mut users = Vec::new();
    for number in 0..10 {
        users.push(add_user(&store, &format!("user-{number}")).await);
    }
    let change = |user: User| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .users()
                .change_email(&user.id, &user.email, &email("new"), true, at(1))
                .await
        })
    };
    let outcomes: Vec<_> = join_all(users.into_iter().map(change))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let wins = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(Changed::Applied)));
    assert_eq!(wins.count(), 1, "{outcomes:?}");
    let losses = outcomes.iter().filter(|outcome| is_email_conflict(outcome));
    assert_eq!(losses.count(), 9, "{outcomes:?}");
}

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
    assert_eq!(store.users().purge_deleted(at(3), 2).await.unwrap(), 2);
    assert_eq!(store.users().purge_deleted(at(3), 2).await.unwrap(), 1);
    assert_eq!(store.users().purge_deleted(at(3), 2).await.unwrap(), 0);
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
        assert_eq!(purged, u64::from(!restored));
    }
}

/// Text is data: nothing in it is read as SQL, a pattern or an escape.
pub async fn any_text_survives(store: Arc<dyn Store>) {
    let name = "Zoë '\"; DROP TABLE \"user\"; -- % _ \\ $1 ? 🦀";
    let user = User {
        name: UserName::from_stored(name),
        ..samples::user("it's % a _ \"user\" \\")
    };
    store.users().insert(&user).await.unwrap();
    add_user(&store, "it's x a y \"user\" \\").await;
    assert_eq!(present(&store, &user.id).await, Some(user.clone()));
    assert_eq!(
        store.users().find_by_email(&user.email).await.unwrap(),
        Some(user)
    );
}
