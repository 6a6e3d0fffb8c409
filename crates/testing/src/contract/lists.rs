//! Promises about lists of users.

use std::sync::Arc;

use doorward_domain::user::{
    Ban, Comparison, FilterValue, Page, RoleList, SearchField, SearchMatch, SortKey, User, UserColumn,
    UserFilter, UserName, UserOrder, UserPage, UserQuery, UserSearch,
};
use doorward_domain::{Store, UserId};

use crate::samples::{self, at};

fn named(id: &str, name: &str, seconds: i64) -> User {
    User {
        name: UserName::from_stored(name),
        created_at: at(seconds),
        ..samples::user(id)
    }
}

/// Four users, one of them banned, one an administrator among other things.
async fn seeded_users(store: &Arc<dyn Store>) {
    let users = [
        User {
            role: Some(RoleList::from_stored("user")),
            ban: Ban::none(),
            ..named("cleo", "Cleo", 3)
        },
        User {
            role: Some(RoleList::from_stored("user,admin")),
            ban: Ban::none(),
            email_verified: true,
            ..named("alan", "Alan_100%", 1)
        },
        User {
            ban: Ban::of("spam".to_owned(), Some(at(60))),
            ..named("dora", "dora", 4)
        },
        named("bert", "Bert Ångström", 2),
    ];
    for user in &users {
        store.users().insert(user).await.unwrap();
    }
}

fn all() -> UserQuery {
    UserQuery {
        search: None,
        filter: None,
        deleted: false,
        order: UserOrder {
            by: SortKey::Column(UserColumn::CreatedAt),
            descending: false,
        },
        slice: Page::Offset(0),
        limit: 100,
    }
}

fn ids(page: &UserPage) -> Vec<&str> {
    page.users.iter().map(|user| user.id.as_str()).collect()
}

async fn found(store: &Arc<dyn Store>, query: &UserQuery) -> Vec<String> {
    let page = store.users().list(query).await.unwrap();
    assert_eq!(page.total, u64::try_from(page.users.len()).ok(), "{query:?}");
    ids(&page).into_iter().map(str::to_owned).collect()
}

/// A list has everybody who is there, in order and in pieces, and says how many there are.
pub async fn pages(store: Arc<dyn Store>) {
    seeded_users(&store).await;
    let everybody = store.users().list(&all()).await.unwrap();
    assert_eq!(
        (ids(&everybody), everybody.total),
        (vec!["alan", "bert", "cleo", "dora"], Some(4))
    );
    let second = UserQuery {
        slice: Page::Offset(1),
        limit: 2,
        ..all()
    };
    let page = store.users().list(&second).await.unwrap();
    assert_eq!((ids(&page), page.total), (vec!["bert", "cleo"], Some(4)));
    let beyond = UserQuery {
        slice: Page::Offset(9),
        ..all()
    };
    assert_eq!(store.users().list(&beyond).await.unwrap().total, Some(4));
    assert!(
        store
            .users()
            .soft_delete(&UserId::from_stored("cleo"), at(9))
            .await
            .unwrap()
            .is_removed()
    );
    assert_eq!(found(&store, &all()).await, ["alan", "bert", "dora"]);
    let deleted = UserQuery {
        deleted: true,
        ..all()
    };
    assert_eq!(found(&store, &deleted).await, ["cleo"]);
}

/// Every column sorts both ways, text byte by byte, what is missing first.
pub async fn sorts(store: Arc<dyn Store>) {
    seeded_users(&store).await;
    for (by, expected) in [
        (
            SortKey::Column(UserColumn::Name),
            ["alan", "bert", "cleo", "dora"],
        ),
        (SortKey::CaseInsensitiveName, ["alan", "bert", "cleo", "dora"]),
        (
            SortKey::Column(UserColumn::Email),
            ["alan", "bert", "cleo", "dora"],
        ),
        (SortKey::Column(UserColumn::Id), ["alan", "bert", "cleo", "dora"]),
        (
            SortKey::Column(UserColumn::CreatedAt),
            ["alan", "bert", "cleo", "dora"],
        ),
        (
            SortKey::Column(UserColumn::Role),
            ["bert", "dora", "cleo", "alan"],
        ),
        (
            SortKey::Column(UserColumn::EmailVerified),
            ["bert", "cleo", "dora", "alan"],
        ),
        (
            SortKey::Column(UserColumn::Banned),
            ["bert", "alan", "cleo", "dora"],
        ),
        (
            SortKey::Column(UserColumn::BanExpires),
            ["alan", "bert", "cleo", "dora"],
        ),
    ] {
        for descending in [false, true] {
            let query = UserQuery {
                order: UserOrder { by, descending },
                ..all()
            };
            let mut expected = expected.map(str::to_owned);
            if descending {
                expected.reverse();
            }
            assert_eq!(found(&store, &query).await, expected, "{by:?} {descending}");
        }
    }
    let capital = named("zoe", "ZOE", 5);
    store.users().insert(&capital).await.unwrap();
    let by = |by| UserQuery {
        order: UserOrder { by, descending: true },
        limit: 1,
        ..all()
    };
    let last = store
        .users()
        .list(&by(SortKey::Column(UserColumn::Name)))
        .await
        .unwrap();
    assert_eq!(ids(&last), ["dora"]);
    let last = store
        .users()
        .list(&by(SortKey::CaseInsensitiveName))
        .await
        .unwrap();
    assert_eq!(ids(&last), ["zoe"]);
}

/// A search finds text in the address or the name, whatever its letter case, and takes every character for itself.
pub async fn searches(store: Arc<dyn Store>) {
    use SearchField::{Email, Name};
    use SearchMatch::{Contains, EndsWith, StartsWith};
    seeded_users(&store).await;
    let search = async |field, how, text: &str| {
        let search = Some(UserSearch::new(field, how, text));
        found(&store, &UserQuery { search, ..all() }).await
    };
    assert_eq!(search(Email, StartsWith, "AL").await, ["alan"]);
    assert_eq!(search(Email, StartsWith, "alan@example.test").await, ["alan"]);
    assert_eq!(search(Email, StartsWith, "lan").await, [""; 0]);
    assert_eq!(search(Email, EndsWith, "ert@example.test").await, ["bert"]);
    assert_eq!(search(Email, Contains, "@example").await.len(), 4);
    assert_eq!(search(Name, StartsWith, "DO").await, ["dora"]);
    assert_eq!(search(Name, StartsWith, "bert å").await, [""; 0]);
    assert_eq!(search(Name, StartsWith, "bert Å").await, ["bert"]);
    assert_eq!(search(Name, Contains, "RT Å").await, ["bert"]);
    assert_eq!(search(Name, EndsWith, "RÖM").await, [""; 0]);
    assert_eq!(search(Name, EndsWith, "Röm").await, ["bert"]);
    for (text, expected) in [
        ("_1", 1),
        ("%", 1),
        ("100%", 1),
        ("a%", 0),
        ("al_n", 0),
        ("\\", 0),
        ("'", 0),
        ("' OR 1=1 --", 0),
    ] {
        assert_eq!(search(Name, Contains, text).await.len(), expected, "{text}");
    }
    assert_eq!(search(Name, StartsWith, "\u{10ffff}").await, [""; 0]);
}

/// A filter compares a column with a value of its kind; where there is none, nothing holds.
pub async fn filters(store: Arc<dyn Store>) {
    use UserColumn::{BanExpires, BanReason, Banned, CreatedAt, EmailVerified, Name, Role};
    seeded_users(&store).await;
    let filter = async |column, comparison| {
        let filter = Some(UserFilter { column, comparison });
        found(&store, &UserQuery { filter, ..all() }).await
    };
    let text = |text: &str| FilterValue::Text(text.to_owned());
    assert_eq!(filter(Role, Comparison::Eq(text("user"))).await, ["cleo"]);
    assert_eq!(filter(Role, Comparison::Ne(text("user"))).await, ["alan"]);
    assert_eq!(filter(Role, Comparison::Contains("admin".into())).await, ["alan"]);
    assert_eq!(
        filter(Role, Comparison::In(vec![text("user"), text("x")])).await,
        ["cleo"]
    );
    assert_eq!(
        filter(Role, Comparison::NotIn(vec![text("user")])).await,
        ["alan"]
    );
    assert_eq!(filter(Role, Comparison::In(Vec::new())).await, [""; 0]);
    assert_eq!(
        filter(EmailVerified, Comparison::Eq(FilterValue::Bool(true))).await,
        ["alan"]
    );
    assert_eq!(
        filter(Banned, Comparison::Eq(FilterValue::Bool(false))).await,
        ["alan", "cleo"]
    );
    assert_eq!(
        filter(Banned, Comparison::Ne(FilterValue::Bool(false))).await,
        ["dora"]
    );
    assert_eq!(filter(BanReason, Comparison::Eq(text("spam"))).await, ["dora"]);
    assert_eq!(
        filter(BanExpires, Comparison::Lte(FilterValue::DateTime(at(60)))).await,
        ["dora"]
    );
    assert_eq!(
        filter(BanExpires, Comparison::Lt(FilterValue::DateTime(at(60)))).await,
        [""; 0]
    );
    assert_eq!(
        filter(CreatedAt, Comparison::Gte(FilterValue::DateTime(at(3)))).await,
        ["cleo", "dora"]
    );
    assert_eq!(
        filter(CreatedAt, Comparison::Eq(FilterValue::DateTime(at(3)))).await,
        ["cleo"]
    );
    assert_eq!(
        filter(Name, Comparison::Gt(text("Bert Ångström"))).await,
        ["cleo", "dora"]
    );
    assert_eq!(
        filter(Name, Comparison::Lte(text("Bert Ångström"))).await,
        ["alan", "bert"]
    );
    assert_eq!(filter(Name, Comparison::StartsWith("Al".into())).await, ["alan"]);
    assert_eq!(filter(Name, Comparison::StartsWith("al".into())).await, [""; 0]);
    assert_eq!(filter(Name, Comparison::EndsWith("öm".into())).await, ["bert"]);
    assert_eq!(filter(Name, Comparison::Contains("_".into())).await, ["alan"]);
}

/// From place to place nobody is missed and nobody seen twice, also where many are equal.
pub async fn goes_on_after_a_place(store: Arc<dyn Store>) {
    for number in 0..25_i64 {
        let user = named(
            &format!("user-{number:02}"),
            if number % 2 == 0 { "Twin" } else { "twin" },
            number / 5,
        );
        store.users().insert(&user).await.unwrap();
    }
    for by in [
        SortKey::Column(UserColumn::CreatedAt),
        SortKey::Column(UserColumn::Email),
        SortKey::CaseInsensitiveName,
    ] {
        for descending in [false, true] {
            let mut query = UserQuery {
                order: UserOrder { by, descending },
                slice: Page::After(None),
                limit: 4,
                ..all()
            };
            let mut seen = Vec::new();
            loop {
                let page = store.users().list(&query).await.unwrap();
                assert_eq!(page.total, None);
                let Some(last) = page.users.last() else { break };
                query.slice = Page::After(query.position(last));
                seen.extend(page.users.iter().map(|user| user.id.as_str().to_owned()));
            }
            let mut expected: Vec<_> = (0..25).map(|number| format!("user-{number:02}")).collect();
            if descending {
                expected.reverse();
            }
            assert_eq!(seen, expected, "{by:?} {descending}");
        }
    }
}
