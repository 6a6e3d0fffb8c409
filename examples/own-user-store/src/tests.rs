use std::sync::Arc;

use doorward_adapters::memory::MemoryStore;
use doorward_domain::Store;
use doorward_domain::user::{User, UserName};
use doorward_testing::contract::TestStore;
use doorward_testing::samples;

use crate::store::Tidy;

fn store() -> Arc<dyn Store> {
    let shipped: Arc<dyn Store> = Arc::new(MemoryStore::new());
    Arc::new(Tidy(shipped))
}

async fn make() -> Option<TestStore> {
    Some(TestStore::new(store(), ()))
}

// Every promise of a store, kept by this one, too.
doorward_testing::store_contract!(make);

#[tokio::test]
async fn names_are_tidy_with_and_without_a_transaction() {
    let store = store();
    let untidy = |id: &str| User {
        name: UserName::from_stored("  Ada   Lovelace "),
        ..samples::user(id)
    };
    store.users().insert(&untidy("ada")).await.expect("a user");
    let tx = store
        .begin(&doorward_testing::samples::request())
        .await
        .expect("a transaction");
    tx.users().insert(&untidy("countess")).await.expect("a user");
    tx.commit().await.expect("a commit");
    for id in ["ada", "countess"] {
        let user = store.users().find(&samples::user(id).id).await.expect("a store");
        assert_eq!(user.expect("a user").name.as_str(), "Ada Lovelace");
    }
}
