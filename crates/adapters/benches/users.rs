//! How long a page of users takes, however many there are: the first one, and one in the middle.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run fails")]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use doorward_adapters::sea_orm::SeaStore;
use doorward_domain::user::{
    Cursor, FilterValue, Page, SearchField, SearchMatch, SortKey, UserColumn, UserOrder, UserQuery,
    UserSearch,
};
use doorward_domain::{Repositories as _, UserId};
use doorward_testing::TestDatabase;
use sea_orm::ConnectionTrait;
use tokio::runtime::Runtime;

const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

/// A database of that many users.
struct SeededUsers {
    runtime: Runtime,
    store: SeaStore,
    _database: TestDatabase,
}

static CROWDS: LazyLock<Mutex<HashMap<u64, Arc<SeededUsers>>>> = LazyLock::new(Mutex::default);

fn seeded_users(size: u64) -> Arc<SeededUsers> {
    let mut crowds = CROWDS.lock().unwrap_or_else(PoisonError::into_inner);
    crowds
        .entry(size)
        .or_insert_with(|| Arc::new(SeededUsers::of(size)))
        .clone()
}

impl SeededUsers {
    fn of(size: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let database = TestDatabase::sqlite();
        let store = runtime.block_on(async {
            let store = database.store().await;
            let users = format!(
                r#"WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {size})
                INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt")
                SELECT printf('%032d', n), 'Name ' || printf('%07d', n), printf('user-%07d@example.test', n), 1,
                    strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + n, 'unixepoch'), '2026-01-01T00:00:00.000Z'
                FROM n"#
            );
            let connection = database.connection().await;
            connection.execute_unprepared(&users).await.expect("a seeded_users");
            store
        });
        Self {
            runtime,
            store,
            _database: database,
        }
    }

    fn page(&self, query: &UserQuery) {
        let page = self
            .runtime
            .block_on(self.store.users().list(query))
            .expect("a page");
        assert_eq!(page.users.len(), 100);
    }
}

fn query(slice: Page) -> UserQuery {
    UserQuery {
        search: Some(UserSearch::new(
            SearchField::Email,
            SearchMatch::StartsWith,
            "user-0",
        )),
        filter: None,
        deleted: false,
        order: UserOrder {
            by: SortKey::Column(UserColumn::Email),
            descending: false,
        },
        slice,
        limit: 100,
    }
}

#[divan::bench(args = SIZES, sample_count = 200, sample_size = 1)]
fn first_page(bencher: divan::Bencher<'_, '_>, size: u64) {
    let (seeded_users, query) = (seeded_users(size), query(Page::After(None)));
    bencher.bench(|| seeded_users.page(&query));
}

/// A page of all users, by when they came.
#[divan::bench(args = SIZES, sample_count = 200, sample_size = 1)]
fn page_in_the_middle_of_all(bencher: divan::Bencher<'_, '_>, size: u64) {
    let seeded_users = seeded_users(size);
    let middle = i64::try_from(size / 2).unwrap_or_default();
    let moment = chrono::DateTime::from_timestamp(1_700_000_000 + middle, 0).unwrap_or_default();
    let query = UserQuery {
        search: None,
        order: UserOrder {
            by: SortKey::Column(UserColumn::CreatedAt),
            descending: false,
        },
        ..query(Page::After(Some(Cursor {
            key: FilterValue::DateTime(moment),
            id: UserId::from_stored(format!("{middle:032}")),
        })))
    };
    bencher.bench(|| seeded_users.page(&query));
}

#[divan::bench(args = SIZES, sample_count = 200, sample_size = 1)]
fn page_in_the_middle(bencher: divan::Bencher<'_, '_>, size: u64) {
    let seeded_users = seeded_users(size);
    let middle = size / 2;
    let query = query(Page::After(Some(Cursor {
        key: FilterValue::Text(format!("user-{middle:07}@example.test")),
        id: UserId::from_stored(format!("{middle:032}")),
    })));
    bencher.bench(|| seeded_users.page(&query));
}
