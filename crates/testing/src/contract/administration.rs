//! Promises about what administrators do to users.

use std::sync::Arc;

use doorward_domain::session::{Session, SessionHandle};
use doorward_domain::user::{
    Administrators, Ban, BanChange, ChosenUsername, Email, ProfileChange, RoleList, User, UserChange,
    Username,
};
use doorward_domain::{Constraint, Store, StoreError, UserId};
use futures_util::future::join_all;

use super::{add_user, present};
use crate::samples::{self, at, now};

/// Everything an administrator may change is changed, and what is not said stays.
pub async fn update_anything(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let bob = add_user(&store, "bob").await;
    let change = UserChange {
        email: Some(Email::from_stored("countess@example.test")),
        email_verified: Some(true),
        role: Some(RoleList::from_stored("admin,user")),
        ban: Ban::of("spam".to_owned(), Some(at(60))).into(),
        ..UserChange::default()
    };
    let changed = store.users().update(&ada.id, &change, at(1)).await.unwrap();
    assert_eq!(changed, Some(change.applied_to(ada.clone(), at(1))));
    assert_eq!(present(&store, &ada.id).await, changed);
    let for_good = UserChange {
        ban: BanChange {
            expires_at: Some(None),
            ..BanChange::default()
        },
        ..UserChange::default()
    };
    let expected = for_good.applied_to(changed.unwrap(), at(2));
    assert_eq!(expected.ban, Ban::of("spam".to_owned(), None));
    assert_eq!(
        store.users().update(&ada.id, &for_good, at(2)).await.unwrap(),
        Some(expected)
    );
    let lifted = UserChange {
        ban: Ban::none().into(),
        ..UserChange::default()
    };
    store.users().update(&ada.id, &lifted, at(3)).await.unwrap();
    let now = present(&store, &ada.id).await.unwrap();
    assert_eq!(
        (now.ban, now.role),
        (Ban::none(), Some(RoleList::from_stored("admin,user")))
    );
    let taken = UserChange {
        email: Some(bob.email.clone()),
        ..UserChange::default()
    };
    let outcome = store.users().update(&ada.id, &taken, at(4)).await;
    assert!(matches!(
        outcome,
        Err(StoreError::Conflict(Constraint::UserEmail))
    ));
    assert_eq!(
        store
            .users()
            .update(&UserId::from_stored("nobody"), &lifted, at(4))
            .await
            .unwrap(),
        None
    );
    assert_eq!(present(&store, &bob.id).await, Some(bob));
}

/// One user to a username, also when many want it at once.
pub async fn usernames_are_unique(store: Arc<dyn Store>) {
    let chosen = || ChosenUsername {
        username: Some(Username::from_stored("countess")),
        display: Some("Countess".to_owned()),
    };
    let countess = Username::from_stored("countess");
    let ada = User {
        username: chosen().username,
        display_username: chosen().display,
        ..samples::user("ada")
    };
    store.users().insert(&ada).await.unwrap();
    let found = store.users().find_by_username(&countess).await.unwrap();
    assert_eq!(found, Some(ada.clone()));
    let second = User {
        username: chosen().username,
        ..samples::user("second")
    };
    let refused = store.users().insert(&second).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Constraint::Username))));
    for id in ["bob", "cleo", "dora"] {
        add_user(&store, id).await;
    }
    let change = |username: &str| {
        UserChange::from(ProfileChange {
            username: Some(ChosenUsername {
                username: Some(Username::from_stored(username)),
                display: Some(username.to_owned()),
            }),
            ..ProfileChange::default()
        })
    };
    let rename = |id: &str| {
        let (store, id, change) = (store.clone(), UserId::from_stored(id), change("captain"));
        tokio::spawn(async move { store.users().update(&id, &change, at(1)).await })
    };
    let outcomes = join_all(["bob", "cleo", "dora"].map(rename)).await;
    let taken = |outcome: &Result<Option<User>, StoreError>| {
        matches!(outcome, Err(StoreError::Conflict(Constraint::Username)))
    };
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| taken(outcome)).count(), 2);
    // One's own name is not taken by oneself.
    assert!(
        store
            .users()
            .update(&ada.id, &change("countess"), at(2))
            .await
            .unwrap()
            .is_some()
    );
    let deleted = store.users().soft_delete(&ada.id, at(3)).await.unwrap();
    assert!(deleted.is_removed());
    let owner = async || {
        let found = store.users().find_by_username(&countess).await.unwrap();
        found.map(|user| user.id)
    };
    assert_eq!(owner().await, None);
    // It is free, and given back unless somebody took it.
    assert!(store.users().restore(&ada.id, at(4)).await.unwrap().is_applied());
    assert_eq!(owner().await, Some(ada.id.clone()));
    let deleted = store.users().soft_delete(&ada.id, at(5)).await.unwrap();
    assert!(deleted.is_removed());
    store.users().insert(&second).await.unwrap();
    assert!(store.users().restore(&ada.id, at(6)).await.unwrap().is_applied());
    assert_eq!(owner().await, Some(second.id));
    assert_eq!(present(&store, &ada.id).await.unwrap().username, None);
}

/// A deleted user is found by who asks for the deleted.
pub async fn find_with_deleted(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    assert_eq!(
        store.users().find_with_deleted(&ada.id).await.unwrap(),
        Some(ada.clone())
    );
    assert!(
        store
            .users()
            .soft_delete(&ada.id, at(1))
            .await
            .unwrap()
            .is_removed()
    );
    assert_eq!(present(&store, &ada.id).await, None);
    let found = store.users().find_with_deleted(&ada.id).await.unwrap();
    assert_eq!(found, Some(ada.deleted(at(1))));
}

/// Administrators are found by role, wherever in the list it stands, and by name; nobody else is.
pub async fn administrators_are_found(store: Arc<dyn Store>) {
    for (id, role) in [
        ("only", Some("admin")),
        ("first", Some("admin,user")),
        ("last", Some("user,admin")),
        ("middle", Some("a,admin,b")),
        ("listed", None),
        ("similar", Some("administrator,superadmin,admin-x")),
        ("user", Some("user")),
        ("nothing", None),
    ] {
        let user = User {
            role: role.map(RoleList::from_stored),
            ..samples::user(id)
        };
        store.users().insert(&user).await.unwrap();
    }
    let deleted = User {
        role: Some(RoleList::from_stored("admin")),
        ..samples::user("deleted")
    };
    store.users().insert(&deleted).await.unwrap();
    assert!(
        store
            .users()
            .soft_delete(&deleted.id, at(1))
            .await
            .unwrap()
            .is_removed()
    );
    let who = Administrators {
        roles: vec!["admin".to_owned()],
        users: vec![UserId::from_stored("listed")],
    };
    let tx = store.begin(&samples::request()).await.unwrap();
    let found = tx.users().lock_administrators(&who).await.unwrap();
    let mut found: Vec<_> = found.iter().map(|user| user.id.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["first", "last", "listed", "middle", "only"]);
    let lock = async |ids: &[&str], who: &Administrators| {
        let ids: Vec<_> = ids.iter().map(|id| UserId::from_stored(*id)).collect();
        let found = tx.users().lock_with_administrators(&ids, who).await.unwrap();
        let mut found: Vec<_> = found.iter().map(|user| user.id.to_string()).collect();
        found.sort_unstable();
        found
    };
    let nobody = Administrators::default();
    assert_eq!(
        lock(&["only", "first", "deleted", "unknown"], &nobody).await,
        ["first", "only"]
    );
    assert_eq!(lock(&[], &nobody).await, [""; 0]);
    assert_eq!(
        lock(&["only", "deleted"], &who).await,
        ["first", "last", "listed", "middle", "only"]
    );
}

/// Of administrators who demote each other at once, one remains (AC-5).
pub async fn ac_5_administrators_take_turns(store: Arc<dyn Store>) {
    let count = 6;
    for number in 0..count {
        let user = User {
            role: Some(RoleList::from_stored("admin")),
            ..samples::user(&format!("admin-{number}"))
        };
        store.users().insert(&user).await.unwrap();
    }
    let who = Administrators {
        roles: vec!["admin".to_owned()],
        users: Vec::new(),
    };
    let demote = |number: i32| {
        let (store, who) = (store.clone(), who.clone());
        tokio::spawn(async move {
            let tx = store.begin(&samples::request()).await?;
            let id = UserId::from_stored(format!("admin-{number}"));
            let all = tx.users().lock_administrators(&who).await?;
            if all.iter().any(|other| other.id != id) {
                let change = UserChange {
                    role: Some(RoleList::from_stored("user")),
                    ..UserChange::default()
                };
                tx.users().update(&id, &change, now()).await?;
                tx.commit().await?;
            }
            Ok::<_, StoreError>(())
        })
    };
    for outcome in join_all((0..count).map(demote)).await {
        outcome.unwrap().unwrap();
    }
    let tx = store.begin(&samples::request()).await.unwrap();
    assert_eq!(tx.users().lock_administrators(&who).await.unwrap().len(), 1);
}

/// All sessions of a user are listed, and any of them ended by whoever may.
pub async fn sessions_of_anybody(store: Arc<dyn Store>) {
    let (ada, bob) = (add_user(&store, "ada").await, add_user(&store, "bob").await);
    let expired = Session {
        expires_at: at(-1),
        created_at: at(-9),
        ..samples::session(&ada, "expired")
    };
    let impersonated = Session {
        impersonated_by: Some(bob.id.clone()),
        created_at: at(5),
        ..samples::session(&ada, "impersonated")
    };
    for session in [&expired, &impersonated, &samples::session(&bob, "other")] {
        store.sessions().insert(session).await.unwrap();
    }
    let listed = store.sessions().list_all(&ada.id).await.unwrap();
    assert_eq!(listed, [expired.clone(), impersonated.clone()]);
    let delete = async |handle: &str| {
        let handle = SessionHandle::new(handle);
        let found = store.sessions().find_by_handle(&handle).await.unwrap()?;
        assert!(store.sessions().delete(&found.id).await.unwrap().is_removed());
        Some(found.id)
    };
    assert_eq!(delete("unknown").await, None);
    assert_eq!(
        delete(expired.token.as_str()).await,
        None,
        "a stored digest names nothing"
    );
    assert_eq!(delete(expired.id.as_str()).await, Some(expired.id));
    assert_eq!(delete("impersonated").await, Some(impersonated.id));
    assert_eq!(store.sessions().list_all(&ada.id).await.unwrap(), []);
    assert_eq!(store.sessions().list_all(&bob.id).await.unwrap().len(), 1);
}

/// A role is a name and no pattern: every email of it counts, and its case.
pub async fn roles_are_compared_exactly(store: Arc<dyn Store>) {
    for (id, role) in [
        ("exact", "super_admin"),
        ("listed", "user,super_admin"),
        ("pattern", "superXadmin"),
        ("pattern-listed", "user,superXadmin,x"),
        ("capital", "SUPER_ADMIN"),
        ("capital-listed", "user,Super_Admin"),
    ] {
        let user = User {
            role: Some(RoleList::from_stored(role)),
            ..samples::user(id)
        };
        store.users().insert(&user).await.unwrap();
    }
    let who = Administrators {
        roles: vec!["super_admin".to_owned()],
        users: Vec::new(),
    };
    let tx = store.begin(&samples::request()).await.unwrap();
    let found = tx.users().lock_administrators(&who).await.unwrap();
    let mut found: Vec<_> = found.iter().map(|user| user.id.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["exact", "listed"]);
}

/// Lists that no release writes, but a hand may: the store finds those as administrators whom the policy takes for them.
pub async fn odd_lists_of_roles_mean_what_the_policy_says(store: Arc<dyn Store>) {
    let odd = [
        "",
        ",",
        ",,",
        "admin,",
        ",admin",
        "user,,admin",
        " admin",
        "admin ",
        "user, admin",
        "user ,admin",
        "admin,admin",
        "Admin",
        "ADMIN,user",
        "admin\n",
        "a%",
        "%",
        "_dmin",
        "admin%",
        "\\admin",
        "\"admin\"",
        "[\"admin\"]",
        "{admin}",
        "administrator",
        "sub.admin",
        "admin.sub",
        "adm\u{131}n",
    ];
    let mut expected = Vec::new();
    for (number, role) in odd.into_iter().enumerate() {
        let id = format!("odd-{number:02}");
        let role = RoleList::from_stored(role);
        if role.contains("admin") {
            expected.push(id.clone());
        }
        let user = User {
            role: Some(role.clone()),
            ..samples::user(&id)
        };
        store.users().insert(&user).await.unwrap();
        let found = store.users().find(&user.id).await.unwrap().unwrap();
        assert_eq!(found.role, Some(role));
    }
    assert_eq!(expected.len(), 5, "{expected:?}");
    let who = Administrators {
        roles: vec!["admin".to_owned()],
        users: Vec::new(),
    };
    let tx = store.begin(&samples::request()).await.unwrap();
    let found = tx.users().lock_administrators(&who).await.unwrap();
    let mut found: Vec<_> = found.iter().map(|user| user.id.to_string()).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    let some = [UserId::from_stored("odd-00")];
    let found = tx.users().lock_with_administrators(&some, &who).await.unwrap();
    assert_eq!(found.len(), expected.len() + 1);
}

/// Who ends all sessions of a user also ends those in which the user acts as another (SE-6).
pub async fn se_6_impersonations_end_with_the_sessions(store: Arc<dyn Store>) {
    let (admin, ada) = (add_user(&store, "admin").await, add_user(&store, "ada").await);
    let own = samples::session(&admin, "own");
    let impersonated = |token: &str| Session {
        impersonated_by: Some(admin.id.clone()),
        ..samples::session(&ada, token)
    };
    let of_ada = samples::session(&ada, "theirs");
    for session in [&own, &impersonated("first"), &impersonated("second"), &of_ada] {
        store.sessions().insert(session).await.unwrap();
    }
    let listed = store.sessions().list_all(&admin.id).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|session| &session.id).collect();
    assert_eq!(listed, [&own.id], "what is listed is the user's own");
    let kept = impersonated("second").id;
    assert_eq!(
        store.sessions().delete_all(&admin.id, Some(&kept)).await.unwrap(),
        2
    );
    let left = store.sessions().list_all(&ada.id).await.unwrap();
    let left: Vec<_> = left.iter().map(|session| session.id.as_str()).collect();
    assert_eq!(left, ["session-second", "session-theirs"]);
    assert_eq!(store.sessions().delete_all(&admin.id, None).await.unwrap(), 1);
    assert_eq!(store.sessions().list_all(&ada.id).await.unwrap(), [of_ada]);
}
