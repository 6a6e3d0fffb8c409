//! Promises about users.

use std::sync::Arc;

use doorward_domain::user::{Email, ImageUrl, ProfileChange, User, UserName};
use doorward_domain::{Changed, Constraint, Locked, Store, StoreError, UserId};
use futures_util::future::join_all;

use super::{add_user, present};
use crate::samples::{self, at, email};

pub(super) fn is_email_conflict<T>(outcome: &Result<T, StoreError>) -> bool {
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
