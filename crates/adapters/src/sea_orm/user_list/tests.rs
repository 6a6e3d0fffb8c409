use doorward_domain::UserId;
use doorward_domain::user::UserOrder;
use doorward_testing::TestDatabase;
use sea_orm::{DatabaseConnection, DbBackend, QueryTrait, Statement};

use super::*;

#[test]
fn the_successor_ends_a_beginning() {
    assert_eq!(successor("ada").as_deref(), Some("adb"));
    assert_eq!(successor("a\u{10ffff}").as_deref(), Some("b"));
    assert_eq!(successor("\u{d7ff}").as_deref(), Some("\u{e000}"));
    assert_eq!(successor("\u{10ffff}"), None);
    assert_eq!(successor(""), None);
}

#[test]
fn beyond_a_place_the_range_begins_there() {
    let search = UserSearch::new(SearchField::Email, SearchMatch::StartsWith, "user-1");
    let range = |by, descending, key: &str| {
        let query = UserQuery {
            order: UserOrder { by, descending },
            ..query(None, by, after(FilterValue::Text(key.to_owned())))
        };
        range_of(&query, &search)
    };
    let whole = || Range {
        from: "user-1".to_owned(),
        to: Some(End::Before("user-2".to_owned())),
    };
    let email = SortKey::Column(UserColumn::Email);
    let from = Range {
        from: "user-15".to_owned(),
        ..whole()
    };
    assert_eq!(range(email, false, "user-15"), from);
    let to = Range {
        to: Some(End::With("user-15".to_owned())),
        ..whole()
    };
    assert_eq!(range(email, true, "user-15"), to);
    // A place outside of what is searched, or in another order, narrows nothing.
    assert_eq!(range(email, false, "user-0"), whole());
    assert_eq!(range(SortKey::CaseInsensitiveName, false, "user-15"), whole());
}

/// Twenty thousand users, one in ten of them deleted.
const CROWD: [(DbBackend, &str); 2] = [
    (
        DbBackend::Sqlite,
        r#"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
            INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt", "deletedAt")
            SELECT 'id-' || n, 'Name ' || (n * 7919 % 20000), 'user-' || (n * 7919 % 20000) || '@example.test', 1,
                strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + n, 'unixepoch'), '2026-01-01T00:00:00.000Z',
                CASE WHEN n % 10 = 0 THEN '2026-01-01T00:00:00.000Z' END
            FROM n"#,
    ),
    (
        DbBackend::Postgres,
        r#"INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt", "deletedAt")
            SELECT 'id-' || n, 'Name ' || (n * 7919 % 20000), 'user-' || (n * 7919 % 20000) || '@example.test', true,
                to_timestamp(1700000000 + n), now(), CASE WHEN n % 10 = 0 THEN now() END
            FROM generate_series(1, 20000) AS n;
            ANALYZE "user""#,
    ),
];

async fn plan(store: &SeaRepositories<DatabaseConnection>, query: &UserQuery) -> String {
    let matching = Entity::find().filter(store.conditions(query));
    let backend = store.connection.get_database_backend();
    let statement = store.page(matching, query).limit(query.limit).build(backend);
    let explain = if backend == DbBackend::Sqlite {
        "EXPLAIN QUERY PLAN"
    } else {
        "EXPLAIN"
    };
    let explained = Statement {
        sql: format!("{explain} {}", statement.sql),
        ..statement
    };
    let rows = store.connection.query_all_raw(explained).await.unwrap();
    let line = |row: &sea_orm::QueryResult| {
        let column = if backend == DbBackend::Sqlite {
            "detail"
        } else {
            "QUERY PLAN"
        };
        row.try_get::<String>("", column).unwrap()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn query(search: Option<(SearchField, &str)>, by: SortKey, slice: Page) -> UserQuery {
    UserQuery {
        search: search.map(|(field, text)| UserSearch::new(field, SearchMatch::StartsWith, text)),
        filter: None,
        deleted: false,
        order: UserOrder {
            by,
            descending: false,
        },
        slice,
        limit: 101,
    }
}

fn after(key: FilterValue) -> Page {
    let id = UserId::from_stored("id-7");
    Page::After(Some(Cursor { key, id }))
}

/// The index on the address: on SQLite that which keeps it unique.
const EMAIL: [&str; 2] = ["sqlite_autoindex_user_", "user_email_search_idx"];

/// However many users there are, the database reads no more of them than it answers, and sorts none.
#[tokio::test]
async fn lists_by_a_beginning_or_a_place_are_ranges_of_an_index() {
    let text = |text: &str| FilterValue::Text(text.to_owned());
    let middle = FilterValue::DateTime(chrono::DateTime::from_timestamp(1_700_010_000, 0).unwrap());
    let (email, name) = (SortKey::Column(UserColumn::Email), SortKey::CaseInsensitiveName);
    let came = SortKey::Column(UserColumn::CreatedAt);
    let by_email = Some((SearchField::Email, "user-1"));
    let by_name = Some((SearchField::Name, "name 1"));
    let cases = [
        (query(by_email, email, Page::After(None)), EMAIL),
        (
            query(by_email, email, after(text("user-15000@example.test"))),
            EMAIL,
        ),
        (query(by_email, email, Page::Offset(0)), EMAIL),
        (
            query(by_name, name, Page::After(None)),
            ["user_name_search_idx"; 2],
        ),
        (
            query(by_name, name, after(text("name 15000"))),
            ["user_name_search_idx"; 2],
        ),
        (query(None, came, Page::After(None)), ["user_createdAt_idx"; 2]),
        (query(None, came, after(middle)), ["user_createdAt_idx"; 2]),
        (query(None, came, Page::Offset(0)), ["user_createdAt_idx"; 2]),
    ];
    for test in [Some(TestDatabase::sqlite()), TestDatabase::postgres().await]
        .into_iter()
        .flatten()
    {
        let connection = test.connection().await;
        doorward_migration::migrate(&connection).await.unwrap();
        let backend = connection.get_database_backend();
        for (_, script) in CROWD.iter().filter(|(of, _)| *of == backend) {
            connection.execute_unprepared(script).await.unwrap();
        }
        let store = super::super::SeaStore::new(connection);
        for (query, index) in &cases {
            let plan = plan(&store, query).await;
            let index = index[usize::from(backend == DbBackend::Postgres)];
            assert!(plan.contains(index), "{query:?}\n{plan}");
            for slow in ["Seq Scan", "Sort", "B-TREE", "SCAN user\n"] {
                assert!(!plan.contains(slow), "{query:?}\n{plan}");
            }
        }
    }
}
