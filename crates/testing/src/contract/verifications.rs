//! Promises about single-use secrets.

use std::sync::Arc;

use doorward_domain::session::TokenStorage;
use doorward_domain::verification::{OneTimeToken, Purpose, Verification};
use doorward_domain::{Constraint, Store, StoreError, UserId};
use futures_util::future::join_all;

use super::add_user;
use crate::samples::{self, at, key};

async fn add(store: &Arc<dyn Store>, verification: Verification) -> Verification {
    store.verifications().insert(&verification).await.unwrap();
    verification
}

/// Looking does not use it up.
pub async fn insert_and_find(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let key = key(Purpose::ResetPassword, "alpha");
    let row = add(&store, samples::verification(&key, &ada)).await;
    for _ in 0..2 {
        assert_eq!(store.verifications().find(&key).await.unwrap(), Some(row.clone()));
    }
    let outcome = store.verifications().insert(&row).await;
    assert!(
        matches!(outcome, Err(StoreError::Conflict(Constraint::Other))),
        "{outcome:?}"
    );
}

/// However many present the token at a time, one gets it (TK-3).
pub async fn re_4_consume_once(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    add(
        &store,
        samples::verification(&key(Purpose::ResetPassword, "alpha"), &ada),
    )
    .await;
    let consume = |_| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .verifications()
                .consume(&key(Purpose::ResetPassword, "alpha"), at(1))
                .await
        })
    };
    let outcomes = join_all((0..20).map(consume)).await;
    let taken: Vec<_> = outcomes
        .into_iter()
        .filter_map(|outcome| outcome.unwrap().unwrap())
        .collect();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].value, "ada");
    assert_eq!(
        store
            .verifications()
            .find(&key(Purpose::ResetPassword, "alpha"))
            .await
            .unwrap(),
        None
    );
}

/// To the millisecond (TK-4).
pub async fn expired_is_worth_nothing(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let key = key(Purpose::ResetPassword, "alpha");
    let row = add(&store, samples::verification(&key, &ada)).await;
    assert_eq!(
        store.verifications().consume(&key, row.expires_at).await.unwrap(),
        None
    );
    assert_eq!(
        store.verifications().find(&key).await.unwrap(),
        Some(row.clone()),
        "it can be told from unknown"
    );
    let before = row.expires_at - chrono::TimeDelta::milliseconds(1);
    assert_eq!(
        store.verifications().consume(&key, before).await.unwrap(),
        Some(row)
    );
}

/// The token in clear, and the user in the value alone.
pub async fn left_by_better_auth(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let reset = key(Purpose::ResetPassword, "alpha");
    let left = Verification {
        identifier: reset.identifier(TokenStorage::Plaintext),
        user_id: None,
        ..samples::verification(&reset, &ada)
    };
    let left = add(&store, left).await;
    assert_eq!(
        store.verifications().consume(&reset, at(1)).await.unwrap(),
        Some(left.clone())
    );
    add(&store, left).await;
    assert_eq!(
        store
            .verifications()
            .cancel(&ada.id, &[Purpose::DeleteAccount])
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store
            .verifications()
            .cancel(&ada.id, &[Purpose::ResetPassword])
            .await
            .unwrap(),
        1
    );
}

/// A token for one thing is none for another.
pub async fn tk_6_purposes_are_apart(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    add(
        &store,
        samples::verification(&key(Purpose::ResetPassword, "alpha"), &ada),
    )
    .await;
    for purpose in Purpose::ALL
        .into_iter()
        .filter(|purpose| *purpose != Purpose::ResetPassword)
    {
        assert_eq!(
            store
                .verifications()
                .consume(&key(purpose, "alpha"), at(1))
                .await
                .unwrap(),
            None
        );
    }
}

/// The user's links of these purposes, all of them, and no others.
pub async fn cancel(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    let links = [
        (Purpose::ResetPassword, "one", &ada),
        (Purpose::ResetPassword, "two", &ada),
        (Purpose::VerifyEmail, "three", &ada),
        (Purpose::DeleteAccount, "four", &ada),
        (Purpose::ResetPassword, "five", &grace),
    ];
    for (purpose, token, user) in links {
        add(&store, samples::verification(&key(purpose, token), user)).await;
    }
    // Nothing is a pattern: neither a purpose nor a user's id.
    let odd = Verification {
        identifier: "resetXpassword:six".to_owned(),
        ..samples::verification(&key(Purpose::ResetPassword, "six"), &ada)
    };
    add(&store, odd).await;
    let purposes = [Purpose::ResetPassword, Purpose::VerifyEmail];
    assert_eq!(store.verifications().cancel(&ada.id, &purposes).await.unwrap(), 3);
    for (purpose, token, stays) in [
        (Purpose::ResetPassword, "one", false),
        (Purpose::ResetPassword, "two", false),
        (Purpose::VerifyEmail, "three", false),
        (Purpose::DeleteAccount, "four", true),
        (Purpose::ResetPassword, "five", true),
    ] {
        assert_eq!(
            store
                .verifications()
                .find(&key(purpose, token))
                .await
                .unwrap()
                .is_some(),
            stays,
            "{token}"
        );
    }
    assert_eq!(store.verifications().cancel(&ada.id, &[]).await.unwrap(), 0);
    for pattern in ["%", "gr_ce", "GRACE", "' OR 1=1 --"] {
        let user = UserId::from_stored(pattern);
        assert_eq!(
            store.verifications().cancel(&user, &Purpose::ALL).await.unwrap(),
            0,
            "{pattern:?}"
        );
    }
}

/// A row with a user is that user's, whatever its value says.
pub async fn cancel_goes_by_the_user_first(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    let key = key(Purpose::VerifyEmail, "alpha");
    let of_ada = Verification {
        value: grace.id.to_string(),
        ..samples::verification(&key, &ada)
    };
    add(&store, of_ada).await;
    let purposes = [Purpose::VerifyEmail];
    assert_eq!(
        store.verifications().cancel(&grace.id, &purposes).await.unwrap(),
        0
    );
    assert_eq!(store.verifications().cancel(&ada.id, &purposes).await.unwrap(), 1);
}

/// Who reads the database cannot use what stands there (TK-2).
pub async fn tk_2_a_stored_identifier_opens_nothing(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let alpha = key(Purpose::ResetPassword, "alpha");
    let row = add(&store, samples::verification(&alpha, &ada)).await;
    let (_, digest) = row.identifier.split_once(':').unwrap();
    assert!(OneTimeToken::parse(digest).is_none());
    for presented in [
        row.id.as_str(),
        row.identifier.as_str(),
        row.value.as_str(),
        "%",
        "ALPHA",
    ] {
        let key = key(Purpose::ResetPassword, presented);
        assert_eq!(
            store.verifications().consume(&key, at(1)).await.unwrap(),
            None,
            "{presented:?}"
        );
    }
    assert_eq!(store.verifications().find(&alpha).await.unwrap(), Some(row));
}

/// Tokens others issued may have any form, and are compared to the email.
pub async fn any_text_survives(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let text = "it's % _ \\ \"Zoë\" 🦀 $1 ?";
    let own = key(Purpose::ResetPassword, text);
    for storage in [TokenStorage::Plaintext, TokenStorage::Digest] {
        let row = Verification {
            identifier: own.identifier(storage),
            value: text.to_owned(),
            ..samples::verification(&own, &ada)
        };
        add(&store, row.clone()).await;
        let similar = key(Purpose::ResetPassword, "it's x y \\ \"Zoë\" 🦀 $1 ?");
        assert_eq!(store.verifications().find(&similar).await.unwrap(), None);
        assert_eq!(
            store.verifications().consume(&similar, at(1)).await.unwrap(),
            None
        );
        assert_eq!(
            store.verifications().consume(&own, at(1)).await.unwrap(),
            Some(row)
        );
    }
}

/// The first of that id wins until it expires, and the transaction goes on either way.
pub async fn insert_unless_live(store: Arc<dyn Store>) {
    let row = |value: &str, end: i64| {
        Verification::unique("spent:alpha".to_owned(), value.to_owned(), None, at(end), at(0))
    };
    let tx = store.begin(&samples::request()).await.unwrap();
    assert!(
        tx.verifications()
            .insert_unless_live(&row("first", 10), at(0))
            .await
            .unwrap()
            .is_inserted()
    );
    assert!(
        !tx.verifications()
            .insert_unless_live(&row("second", 20), at(9))
            .await
            .unwrap()
            .is_inserted()
    );
    assert!(
        tx.verifications()
            .insert_unless_live(&row("third", 30), at(10))
            .await
            .unwrap()
            .is_inserted()
    );
    tx.commit().await.unwrap();
    let found = store
        .verifications()
        .find(&key(Purpose::Consumed, "alpha"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.value.as_str(), found.expires_at), ("third", at(30)));
}

/// What has expired goes, a few at a time.
pub async fn purge_expired(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    for token in ["a", "b", "c"] {
        let row = samples::verification(&key(Purpose::ResetPassword, token), &ada);
        add(
            &store,
            Verification {
                expires_at: at(-1),
                ..row
            },
        )
        .await;
    }
    for (token, end) in [("ending", 0), ("live", 1)] {
        let row = samples::verification(&key(Purpose::ResetPassword, token), &ada);
        add(
            &store,
            Verification {
                expires_at: at(end),
                ..row
            },
        )
        .await;
    }
    assert_eq!(store.verifications().purge_expired(at(0), 2).await.unwrap(), 2);
    assert_eq!(store.verifications().purge_expired(at(0), 2).await.unwrap(), 1);
    assert_eq!(store.verifications().purge_expired(at(0), 2).await.unwrap(), 0);
    for token in ["ending", "live"] {
        let key = key(Purpose::ResetPassword, token);
        assert!(
            store.verifications().find(&key).await.unwrap().is_some(),
            "{token}"
        );
    }
}

/// The rows of a user and of nobody else, also those that Better Auth left.
pub async fn list_of_a_user(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    let row = |purpose, token: &str, user| samples::verification(&key(purpose, token), user);
    let later = Verification {
        expires_at: at(7200),
        ..row(Purpose::VerifyEmail, "later", &ada)
    };
    let later = add(&store, later).await;
    let sooner = add(&store, row(Purpose::ResetPassword, "sooner", &ada)).await;
    let left = Verification {
        user_id: None,
        expires_at: at(9000),
        ..row(Purpose::ResetPassword, "left", &ada)
    };
    let left = add(&store, left).await;
    let of_grace = Verification {
        value: ada.id.to_string(),
        ..row(Purpose::ResetPassword, "hers", &grace)
    };
    add(&store, of_grace).await;
    let listed = store.verifications().list(&ada.id).await.unwrap();
    assert_eq!(listed, [sooner, later, left]);
}
