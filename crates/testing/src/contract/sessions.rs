//! Promises about sessions.

use std::sync::Arc;
use std::time::Duration;

use doorward_domain::session::{Session, SessionHandle, SessionToken, TokenStorage};
use doorward_domain::user::User;
use doorward_domain::{Constraint, Locked, SessionId, Store, StoreError};
use futures_util::future::join_all;

use super::add_user;
use crate::samples::{self, at};

pub(super) fn token(text: &str) -> SessionToken {
    SessionToken::parse(text).unwrap()
}

pub(super) async fn add(store: &Arc<dyn Store>, session: Session) -> Session {
    store.sessions().insert(&session).await.unwrap();
    session
}

pub(super) async fn live(store: &Arc<dyn Store>, user: &User) -> Vec<String> {
    let sessions = store.sessions().list_live(&user.id, at(0)).await.unwrap();
    sessions
        .into_iter()
        .map(|session| session.id.to_string())
        .collect()
}

/// What was written is read back with its user; expired or not.
pub async fn insert_and_find(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let session = add(&store, samples::session(&ada, "alpha")).await;
    let found = store.sessions().find_with_user(&token("alpha")).await.unwrap();
    assert_eq!(found, Some((session.clone(), ada.clone())));
    assert_eq!(
        store.sessions().find_with_user(&token("beta")).await.unwrap(),
        None
    );
    let ended = add(
        &store,
        Session {
            expires_at: at(-9),
            ip_address: None,
            user_agent: None,
            ..samples::session(&ada, "ended")
        },
    )
    .await;
    assert_eq!(
        store.sessions().find_with_user(&token("ended")).await.unwrap(),
        Some((ended, ada.clone()))
    );
    let same_token = Session {
        id: SessionId::from_stored("other"),
        ..session
    };
    let outcome = store.sessions().insert(&same_token).await;
    assert!(
        matches!(outcome, Err(StoreError::Conflict(Constraint::Other))),
        "{outcome:?}"
    );
}

/// Who reads the database cannot use what stands there.
pub async fn tk_2_a_stored_token_opens_nothing(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let session = add(&store, samples::session(&ada, "alpha")).await;
    assert!(SessionToken::parse(session.token.as_str()).is_err());
    let handle = SessionHandle::new(session.token.as_str());
    assert_eq!(
        store.sessions().delete_by_handle(&ada.id, &handle).await.unwrap(),
        None
    );
    assert!(
        store
            .sessions()
            .find_with_user(&token(session.id.as_str()))
            .await
            .unwrap()
            .is_none()
    );
}

/// A token in clear is found, and rewritten once.
pub async fn left_by_better_auth(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let left = add(
        &store,
        samples::session_stored(&ada, "alpha", TokenStorage::Plaintext),
    )
    .await;
    assert_eq!(left.token.as_str(), "alpha");
    let found = store.sessions().find_with_user(&token("alpha")).await.unwrap();
    assert_eq!(found, Some((left.clone(), ada.clone())));
    let digest = token("alpha").stored(TokenStorage::Digest);
    assert!(
        store
            .sessions()
            .rewrite_token(&left.id, &left.token, &digest, at(1))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(
        !store
            .sessions()
            .rewrite_token(&left.id, &left.token, &digest, at(2))
            .await
            .unwrap()
            .is_applied()
    );
    let adopted = Session {
        token: digest.clone(),
        imported_at: Some(at(1)),
        ..left.clone()
    };
    let found = store.sessions().find_with_user(&token("alpha")).await.unwrap();
    assert_eq!(found, Some((adopted.clone(), ada.clone())));
    // To and fro between the presets, the first adoption counts.
    assert!(
        store
            .sessions()
            .rewrite_token(&left.id, &digest, &left.token, at(3))
            .await
            .unwrap()
            .is_applied()
    );
    let found = store.sessions().find_with_user(&token("alpha")).await.unwrap();
    assert_eq!(
        found,
        Some((
            Session {
                token: left.token,
                ..adopted
            },
            ada
        ))
    );
}

/// From the end that was seen, by one of all who want it.
pub async fn extend(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let session = add(&store, samples::session(&ada, "alpha")).await;
    let bystander = add(&store, samples::session(&ada, "beta")).await;
    assert!(
        store
            .sessions()
            .extend(&session.id, at(3600), at(7200), at(1))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(
        !store
            .sessions()
            .extend(&session.id, at(3600), at(9000), at(2))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(
        !store
            .sessions()
            .extend(&session.id, at(9000), at(9900), at(2))
            .await
            .unwrap()
            .is_applied(),
        "somebody moved it backwards since"
    );
    let (found, _) = store
        .sessions()
        .find_with_user(&token("alpha"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        found,
        Session {
            expires_at: at(7200),
            updated_at: at(1),
            ..session
        }
    );
    let (found, _) = store
        .sessions()
        .find_with_user(&token("beta"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, bystander);
}

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

/// Of concurrent refreshes one wins, so that the end moves once.
pub async fn concurrent_extends(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let session = add(&store, samples::session(&ada, "alpha")).await;
    let extend = |second: i64| {
        let (store, id) = (store.clone(), session.id.clone());
        tokio::spawn(async move {
            let to = at(7200 + second);
            store
                .sessions()
                .extend(&id, at(3600), to, at(1))
                .await
                .unwrap()
                .is_applied()
                .then_some(to)
        })
    };
    let winners: Vec<_> = join_all((0..20).map(extend))
        .await
        .into_iter()
        .filter_map(Result::unwrap)
        .collect();
    let (found, _) = store
        .sessions()
        .find_with_user(&token("alpha"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(winners, [found.expires_at]);
}

/// A refresh that comes after a revocation is too late.
pub async fn se_5_no_refresh_brings_a_session_back(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    for round in 0..10 {
        let name = format!("round-{round}");
        let session = add(&store, samples::session(&ada, &name)).await;
        let (refreshing, revoking) = (store.clone(), store.clone());
        let (id, revoked) = (session.id.clone(), session.id.clone());
        let refresh =
            tokio::spawn(async move { refreshing.sessions().extend(&id, at(3600), at(7200), at(1)).await });
        let revoke = tokio::spawn(async move { revoking.sessions().delete(&revoked).await });
        let _either = refresh.await.unwrap().unwrap();
        assert!(revoke.await.unwrap().unwrap().is_removed());
        assert_eq!(
            store.sessions().find_with_user(&token(&name)).await.unwrap(),
            None
        );
        assert!(
            !store
                .sessions()
                .extend(&session.id, at(3600), at(7200), at(1))
                .await
                .unwrap()
                .is_applied()
        );
    }
    assert!(live(&store, &ada).await.is_empty());
}

/// Oldest first; what has ended is left out.
pub async fn list_live(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    add(
        &store,
        Session {
            created_at: at(2),
            ..samples::session(&ada, "second")
        },
    )
    .await;
    add(
        &store,
        Session {
            created_at: at(1),
            ..samples::session(&ada, "first")
        },
    )
    .await;
    add(
        &store,
        Session {
            expires_at: at(0),
            ..samples::session(&ada, "ended")
        },
    )
    .await;
    add(&store, samples::session(&grace, "foreign")).await;
    assert_eq!(live(&store, &ada).await, ["session-first", "session-second"]);
}

/// By id, or by the token in whichever form it rests; the own ones only.
pub async fn ac_1_delete_by_handle(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    add(&store, samples::session(&ada, "digest")).await;
    add(
        &store,
        samples::session_stored(&ada, "clear", TokenStorage::Plaintext),
    )
    .await;
    add(&store, samples::session(&ada, "by-id")).await;
    for handle in ["digest", "clear", "session-by-id"] {
        let handle = SessionHandle::new(handle);
        assert_eq!(
            store
                .sessions()
                .delete_by_handle(&grace.id, &handle)
                .await
                .unwrap(),
            None
        );
    }
    // A store may refuse what it cannot hold, but nothing ends.
    for hostile in ["", "%", "session-%", "_igest", "DIGEST", "\0", "' OR 1=1 --"] {
        let outcome = store
            .sessions()
            .delete_by_handle(&ada.id, &SessionHandle::new(hostile))
            .await;
        assert!(!matches!(outcome, Ok(Some(_))), "{hostile:?}");
    }
    assert_eq!(live(&store, &ada).await.len(), 3);
    for (handle, id) in [
        ("digest", "session-digest"),
        ("clear", "session-clear"),
        ("session-by-id", "session-by-id"),
    ] {
        let handle = SessionHandle::new(handle);
        let deleted = store.sessions().delete_by_handle(&ada.id, &handle).await.unwrap();
        assert_eq!(deleted, Some(SessionId::from_stored(id)));
        assert_eq!(
            store.sessions().delete_by_handle(&ada.id, &handle).await.unwrap(),
            None
        );
    }
    assert!(live(&store, &ada).await.is_empty());
}

/// All of the user's, or all but one.
pub async fn delete_all(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    for name in ["a", "b", "c"] {
        add(&store, samples::session(&ada, name)).await;
    }
    add(&store, samples::session(&grace, "d")).await;
    let keep = SessionId::from_stored("session-b");
    assert_eq!(
        store.sessions().delete_all(&ada.id, Some(&keep)).await.unwrap(),
        2
    );
    assert_eq!(live(&store, &ada).await, ["session-b"]);
    assert_eq!(store.sessions().delete_all(&ada.id, None).await.unwrap(), 1);
    assert!(live(&store, &ada).await.is_empty());
    assert_eq!(live(&store, &grace).await, ["session-d"]);
    assert!(!store.sessions().delete(&keep).await.unwrap().is_removed());
}

/// The newest stay.
pub async fn trim(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    for (second, name) in [(3, "c"), (1, "a"), (2, "b")] {
        add(
            &store,
            Session {
                created_at: at(second),
                ..samples::session(&ada, name)
            },
        )
        .await;
    }
    add(
        &store,
        Session {
            created_at: at(-5),
            ..samples::session(&grace, "old")
        },
    )
    .await;
    assert_eq!(store.sessions().trim(&ada.id, 3).await.unwrap(), 0);
    assert_eq!(store.sessions().trim(&ada.id, 2).await.unwrap(), 1);
    assert_eq!(live(&store, &ada).await, ["session-b", "session-c"]);
    assert_eq!(live(&store, &grace).await, ["session-old"]);
}

/// What has ended goes, a few at a time.
pub async fn purge_expired(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    for name in ["a", "b", "c"] {
        add(
            &store,
            Session {
                expires_at: at(-1),
                ..samples::session(&ada, name)
            },
        )
        .await;
    }
    add(
        &store,
        Session {
            expires_at: at(0),
            ..samples::session(&ada, "ending")
        },
    )
    .await;
    add(&store, samples::session(&ada, "live")).await;
    assert_eq!(store.sessions().purge_expired(at(0), 2).await.unwrap(), 2);
    assert_eq!(store.sessions().purge_expired(at(0), 2).await.unwrap(), 1);
    assert_eq!(store.sessions().purge_expired(at(0), 2).await.unwrap(), 0);
    assert!(
        store
            .sessions()
            .find_with_user(&token("ending"))
            .await
            .unwrap()
            .is_some(),
        "it did not end before"
    );
    assert_eq!(live(&store, &ada).await, ["session-live"]);
}

/// Tokens others issued may have any form, and are compared to the email.
pub async fn any_text_survives(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let text = "it's % _ \\ \"Zoë\" 🦀 $1 ?";
    for storage in [TokenStorage::Plaintext, TokenStorage::Digest] {
        let session = Session {
            user_agent: Some(text.to_owned()),
            ..samples::session_stored(&ada, text, storage)
        };
        add(&store, session.clone()).await;
        for other in ["it's x y \\ \"Zoë\" 🦀 $1 ?", "IT'S % _ \\ \"ZOË\" 🦀 $1 ?", "%"] {
            assert_eq!(
                store.sessions().find_with_user(&token(other)).await.unwrap(),
                None,
                "{other:?}"
            );
        }
        let found = store.sessions().find_with_user(&token(text)).await.unwrap();
        assert_eq!(found, Some((session.clone(), ada.clone())));
        let handle = SessionHandle::new(text);
        assert_eq!(
            store.sessions().delete_by_handle(&ada.id, &handle).await.unwrap(),
            Some(session.id)
        );
    }
}
