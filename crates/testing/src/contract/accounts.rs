//! Promises about accounts.

use std::sync::Arc;

use doorward_domain::account::PasswordHash;
use doorward_domain::account::{Account, Unlinked};
use doorward_domain::{AccountId, Store};
use futures_util::future::join_all;

use super::add_user;
use crate::samples::{self, at};

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text)
}

async fn password(store: &Arc<dyn Store>, user: &doorward_domain::UserId) -> String {
    let account = store.accounts().find_credential(user).await.unwrap().unwrap();
    account.password.unwrap().expose().to_owned()
}

/// Oldest first, and of this user only.
pub async fn insert_and_list(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    let github = Account {
        created_at: at(-5),
        scope: Some("read,mail".to_owned()),
        ..samples::linked(&ada, "github")
    };
    store
        .accounts()
        .insert(&samples::credential(&ada, "hash"))
        .await
        .unwrap();
    store.accounts().insert(&github).await.unwrap();
    store
        .accounts()
        .insert(&samples::linked(&grace, "github"))
        .await
        .unwrap();
    let accounts = store.accounts().list(&ada.id).await.unwrap();
    let ids: Vec<_> = accounts.iter().map(|account| account.id.as_str()).collect();
    assert_eq!(ids, ["github-ada", "credential-ada"]);
    assert_eq!(accounts[0].scopes(), ["read", "mail"]);
    assert_eq!(accounts[0].created_at, at(-5));
    assert_eq!(accounts[1].account_id, "ada");
    assert!(
        store
            .accounts()
            .find_credential(&grace.id)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(password(&store, &ada.id).await, "hash");
}

/// Of changes by the same old password one wins.
pub async fn set_and_replace_password(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    store
        .accounts()
        .insert(&samples::credential(&ada, "old"))
        .await
        .unwrap();
    store
        .accounts()
        .insert(&samples::linked(&grace, "github"))
        .await
        .unwrap();
    assert!(
        store
            .accounts()
            .replace_password(&ada.id, &hash("old"), &hash("new"), at(1))
            .await
            .unwrap()
            .is_applied()
    );
    assert!(
        !store
            .accounts()
            .replace_password(&ada.id, &hash("old"), &hash("late"), at(2))
            .await
            .unwrap()
            .is_applied()
    );
    assert_eq!(password(&store, &ada.id).await, "new");
    assert!(
        store
            .accounts()
            .set_password(&ada.id, &hash("newest"), at(3))
            .await
            .unwrap()
            .is_applied()
    );
    assert_eq!(password(&store, &ada.id).await, "newest");
    assert_eq!(
        store
            .accounts()
            .find_credential(&ada.id)
            .await
            .unwrap()
            .unwrap()
            .updated_at,
        at(3)
    );
    assert!(
        !store
            .accounts()
            .set_password(&grace.id, &hash("x"), at(3))
            .await
            .unwrap()
            .is_applied(),
        "no password account"
    );
    assert!(
        store.accounts().list(&grace.id).await.unwrap()[0]
            .password
            .is_none()
    );
}

/// However many change it by the same old password at a time, one does.
pub async fn concurrent_replacements(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    store
        .accounts()
        .insert(&samples::credential(&ada, "old"))
        .await
        .unwrap();
    let replace = |number: usize| {
        let (store, user) = (store.clone(), ada.id.clone());
        tokio::spawn(async move {
            let new = format!("new-{number}");
            store
                .accounts()
                .replace_password(&user, &hash("old"), &hash(&new), at(1))
                .await
                .unwrap()
                .is_applied()
                .then_some(new)
        })
    };
    let winners: Vec<_> = join_all((0..20).map(replace))
        .await
        .into_iter()
        .filter_map(Result::unwrap)
        .collect();
    assert_eq!(winners, [password(&store, &ada.id).await]);
}

/// Own accounts only, and the last one only if that is allowed.
pub async fn unlink(store: Arc<dyn Store>) {
    let (ada, grace) = (add_user(&store, "ada").await, add_user(&store, "grace").await);
    for account in [
        samples::credential(&ada, "hash"),
        samples::linked(&ada, "github"),
        samples::linked(&grace, "github"),
    ] {
        store.accounts().insert(&account).await.unwrap();
    }
    let foreign = AccountId::from_stored("github-grace");
    assert_eq!(
        store.accounts().unlink(&ada.id, &foreign, false).await.unwrap(),
        Unlinked::Unknown
    );
    let github = AccountId::from_stored("github-ada");
    assert_eq!(
        store.accounts().unlink(&ada.id, &github, false).await.unwrap(),
        Unlinked::Done
    );
    let last = AccountId::from_stored("credential-ada");
    assert_eq!(
        store.accounts().unlink(&ada.id, &last, false).await.unwrap(),
        Unlinked::WasLast
    );
    assert_eq!(store.accounts().list(&ada.id).await.unwrap().len(), 1);
    assert_eq!(
        store.accounts().unlink(&ada.id, &last, true).await.unwrap(),
        Unlinked::Done
    );
    assert_eq!(store.accounts().list(&grace.id).await.unwrap().len(), 1);
}

/// Two who each remove one of two accounts, after locking the user, do not leave the user without.
pub async fn concurrent_unlinks_leave_one(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let providers: Vec<_> = (0..6).map(|number| format!("provider-{number}")).collect();
    for provider in &providers {
        store
            .accounts()
            .insert(&samples::linked(&ada, provider))
            .await
            .unwrap();
    }
    let unlink = |provider: &String| {
        let (store, user) = (store.clone(), ada.id.clone());
        let account = AccountId::from_stored(format!("{provider}-ada"));
        tokio::spawn(async move {
            let tx = store.begin(&samples::request()).await.unwrap();
            tx.users().lock(&user).await.unwrap();
            let outcome = tx.accounts().unlink(&user, &account, false).await.unwrap();
            tx.commit().await.unwrap();
            outcome
        })
    };
    let outcomes: Vec<_> = join_all(providers.iter().map(unlink))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == Unlinked::Done)
            .count(),
        5,
        "{outcomes:?}"
    );
    assert_eq!(store.accounts().list(&ada.id).await.unwrap().len(), 1);
}

/// Of several rows that call themselves the user's password, the one whose account is the user is meant, whichever came
/// first.
pub async fn the_password_is_that_of_the_own_account(store: Arc<dyn Store>) {
    for (user, own_first) in [("ada", true), ("grace", false)] {
        let user = add_user(&store, user).await;
        let own = samples::credential(&user, "own");
        let wrong = Account {
            id: AccountId::from_stored(format!("a-{}", user.id)),
            account_id: "somebody".to_owned(),
            ..samples::credential(&user, "wrong")
        };
        let rows = if own_first { [&own, &wrong] } else { [&wrong, &own] };
        for row in rows {
            store.accounts().insert(row).await.unwrap();
        }
        assert_eq!(password(&store, &user.id).await, "own", "{}", user.id);
        let replaced = store
            .accounts()
            .replace_password(&user.id, &hash("wrong"), &hash("x"), at(1))
            .await;
        assert!(!replaced.unwrap().is_applied(), "{}", user.id);
        assert!(
            store
                .accounts()
                .set_password(&user.id, &hash("new"), at(1))
                .await
                .unwrap()
                .is_applied()
        );
        assert_eq!(password(&store, &user.id).await, "new", "{}", user.id);
        let all = store.accounts().list(&user.id).await.unwrap();
        let other = all.iter().find(|account| account.id == wrong.id).unwrap();
        let other = other.password.as_ref().unwrap();
        assert_eq!((other.expose(), all.len()), ("wrong", 2));
    }
    let linked = add_user(&store, "linked").await;
    let wrong = Account {
        account_id: "somebody".to_owned(),
        ..samples::credential(&linked, "wrong")
    };
    store.accounts().insert(&wrong).await.unwrap();
    let found = store.accounts().find_credential(&linked.id).await.unwrap();
    assert!(found.is_none(), "{:?}", found.map(|account| account.account_id));
}

/// All that are stored, page by page, and no account without one.
pub async fn hashes(store: Arc<dyn Store>) {
    for id in ["ada", "eve", "grace"] {
        let user = add_user(&store, id).await;
        let account = samples::credential(&user, &format!("hash of {id}"));
        store.accounts().insert(&account).await.unwrap();
        store
            .accounts()
            .insert(&samples::linked(&user, "github"))
            .await
            .unwrap();
    }
    let page = async |after: Option<&str>, limit| {
        let after = after.map(AccountId::from_stored);
        let page = store.accounts().hashes(after.as_ref(), limit).await.unwrap();
        let texts = page
            .iter()
            .map(|(id, hash)| (id.to_string(), hash.expose().to_owned()));
        texts.collect::<Vec<_>>()
    };
    let of = |id: &str| (format!("credential-{id}"), format!("hash of {id}"));
    assert_eq!(page(None, 2).await, [of("ada"), of("eve")]);
    assert_eq!(page(Some("credential-eve"), 2).await, [of("grace")]);
    assert_eq!(page(Some("credential-grace"), 2).await, []);
}
