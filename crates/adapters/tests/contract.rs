//! Every store keeps the same promises.

use std::sync::Arc;
use std::time::Duration;

use doorward_adapters::cache::{CacheInvalidatingStore, MemorySessionCache};
use doorward_adapters::memory::{MemoryRateLimiter, MemoryStore};
use doorward_adapters::sea_orm::{SeaRateLimiter, SeaTransaction};
use doorward_domain::Store;
use doorward_testing::contract::{TestLimiter, TestStore};
use doorward_testing::samples;
use doorward_testing::{SeededEntropy, TestDatabase};
use sea_orm::ConnectionTrait;

mod memory {
    use super::{Arc, MemoryStore, TestStore};

    async fn make() -> Option<TestStore> {
        Some(TestStore::new(Arc::new(MemoryStore::new()), ()))
    }

    doorward_testing::store_contract!(make);
}

/// What remembers sessions must not change what the store does.
mod watched {
    use super::{Arc, CacheInvalidatingStore, Duration, MemorySessionCache, MemoryStore, TestStore};

    async fn make() -> Option<TestStore> {
        let cache = Arc::new(MemorySessionCache::new(Duration::from_millis(500)));
        Some(TestStore::new(
            Arc::new(CacheInvalidatingStore::new(Arc::new(MemoryStore::new()), cache)),
            (),
        ))
    }

    doorward_testing::store_contract!(make);
}

/// The default of the server: sessions are remembered, and the store is a database.
mod watched_sqlite {
    use super::{Arc, CacheInvalidatingStore, Duration, MemorySessionCache, TestDatabase, TestStore};

    async fn make() -> Option<TestStore> {
        let database = TestDatabase::sqlite();
        let cache = Arc::new(MemorySessionCache::new(Duration::from_mins(1)));
        let store = CacheInvalidatingStore::new(Arc::new(database.store().await), cache);
        Some(TestStore::new(Arc::new(store), database))
    }

    doorward_testing::store_contract!(make);
}

mod sqlite {
    use super::{Arc, TestDatabase, TestStore};

    async fn make() -> Option<TestStore> {
        let database = TestDatabase::sqlite();
        Some(TestStore::new(Arc::new(database.store().await), database))
    }

    doorward_testing::store_contract!(make);
}

mod postgres {
    use super::{Arc, TestDatabase, TestStore};

    async fn make() -> Option<TestStore> {
        let database = TestDatabase::postgres().await?;
        Some(TestStore::new(Arc::new(database.store().await), database))
    }

    doorward_testing::store_contract!(make);
}

async fn limiter_on(database: TestDatabase) -> TestLimiter {
    let store = database.store().await;
    let limiter = SeaRateLimiter::new(&store, Arc::new(SeededEntropy::default()));
    TestLimiter::new(Arc::new(limiter), database)
}

mod memory_limiter {
    use super::{Arc, MemoryRateLimiter, TestLimiter};

    async fn make() -> Option<TestLimiter> {
        let limiter = TestLimiter::new(Arc::new(MemoryRateLimiter::new()), ());
        std::future::ready(Some(limiter)).await
    }

    doorward_testing::rate_limiter_contract!(make);
}

mod sqlite_limiter {
    use super::{TestDatabase, TestLimiter, limiter_on};

    async fn make() -> Option<TestLimiter> {
        Some(limiter_on(TestDatabase::sqlite()).await)
    }

    doorward_testing::rate_limiter_contract!(make);
}

mod postgres_limiter {
    use super::{TestDatabase, TestLimiter, limiter_on};

    async fn make() -> Option<TestLimiter> {
        Some(limiter_on(TestDatabase::postgres().await?).await)
    }

    doorward_testing::rate_limiter_contract!(make);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transaction_of_the_database_is_found_below_what_remembers_sessions() {
    let database = TestDatabase::sqlite();
    let cache = || Arc::new(MemorySessionCache::new(Duration::from_mins(1)));
    let once = CacheInvalidatingStore::new(Arc::new(database.store().await), cache());
    let twice = CacheInvalidatingStore::new(Arc::new(once), cache());
    let tx = twice.begin(&doorward_testing::samples::request()).await.unwrap();
    let connection = SeaTransaction::of(&*tx).unwrap();
    connection
        .execute_unprepared(r#"CREATE TABLE "team" ("id" text)"#)
        .await
        .unwrap();
    let user = samples::user("ada");
    tx.users().insert(&user).await.unwrap();
    tx.commit().await.unwrap();
    let raw = database.connection().await;
    raw.execute_unprepared(r#"INSERT INTO "team" SELECT "id" FROM "user""#)
        .await
        .unwrap();
    let memory = CacheInvalidatingStore::new(Arc::new(MemoryStore::new()), cache());
    assert!(
        SeaTransaction::of(&*memory.begin(&doorward_testing::samples::request()).await.unwrap()).is_none()
    );
}
