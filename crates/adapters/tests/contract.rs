//! Every store keeps the same promises.

use std::sync::Arc;
use std::time::Duration;

use doorward_adapters::cache::{CacheInvalidatingStore, MemorySessionCache};
use doorward_adapters::memory::MemoryStore;
use doorward_testing::TestDatabase;
use doorward_testing::contract::TestStore;

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
