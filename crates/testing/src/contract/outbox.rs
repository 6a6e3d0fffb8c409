//! Promises about emails that wait.

use std::sync::Arc;

use doorward_domain::email::{Backlog, OutboxMessage};
use doorward_domain::{Changed, Constraint, Removed, Store, StoreError};
use futures_util::future::join_all;

use crate::samples::{at, message};

async fn push(store: &Arc<dyn Store>, id: &str, due: i64) -> OutboxMessage {
    let message = message(id, at(due));
    store.outbox().push(&message).await.unwrap();
    message
}

async fn claim(store: &Arc<dyn Store>, now: i64, lease: i64, limit: u64) -> Vec<String> {
    let claimed = store.outbox().claim(at(now), at(lease), limit).await.unwrap();
    claimed.into_iter().map(|message| message.id).collect()
}

/// What is due, oldest first, and what was sent never again.
pub async fn claim_and_remove(store: Arc<dyn Store>) {
    push(&store, "second", 2).await;
    let first = push(&store, "first", 1).await;
    push(&store, "later", 9).await;
    let tried = OutboxMessage { attempts: 1, ..first };
    assert_eq!(store.outbox().claim(at(1), at(5), 9).await.unwrap(), [tried]);
    let removed = store.outbox().remove("first", at(5)).await.unwrap();
    assert_eq!(removed, Removed::Removed);
    assert_eq!(claim(&store, 8, 9, 9).await, ["second"]);
    assert_eq!(
        claim(&store, 9, 19, 1).await,
        ["second"],
        "at most as many as asked for, the oldest"
    );
    assert_eq!(claim(&store, 9, 19, 9).await, ["later"]);
    let removed = store.outbox().remove("first", at(5)).await.unwrap();
    assert_eq!(removed, Removed::AlreadyGone);
}

/// What waits is counted, leased or not, and the oldest is the one that was written first, whenever it is due.
pub async fn backlog_counts_what_waits(store: Arc<dyn Store>) {
    assert_eq!(store.outbox().backlog().await.unwrap(), Backlog::default());
    for (id, written, due) in [("later", 7, 8), ("first", 3, 9), ("second", 5, 1)] {
        let message = OutboxMessage {
            created_at: at(written),
            ..message(id, at(due))
        };
        store.outbox().push(&message).await.unwrap();
    }
    assert_eq!(claim(&store, 2, 12, 9).await, ["second"]);
    let backlog = store.outbox().backlog().await.unwrap();
    let expected = Backlog {
        waiting: 3,
        oldest: Some(at(3)),
    };
    assert_eq!(backlog, expected);
}

/// A message is there once.
pub async fn ids_are_unique(store: Arc<dyn Store>) {
    let first = push(&store, "email", 0).await;
    let again = OutboxMessage {
        sealed: "another".to_owned(),
        ..first.clone()
    };
    let outcome = store.outbox().push(&again).await;
    assert!(
        matches!(outcome, Err(StoreError::Conflict(Constraint::Other))),
        "{outcome:?}"
    );
    let tried = OutboxMessage { attempts: 1, ..first };
    assert_eq!(store.outbox().claim(at(0), at(1), 9).await.unwrap(), [tried]);
}

/// A message that was sent and removed meanwhile stays away.
pub async fn what_was_removed_is_not_rescheduled(store: Arc<dyn Store>) {
    push(&store, "email", 0).await;
    assert_eq!(claim(&store, 0, 5, 9).await, ["email"]);
    let removed = store.outbox().remove("email", at(5)).await.unwrap();
    assert_eq!(removed, Removed::Removed);
    let outbox = store.outbox();
    let rescheduled = outbox.reschedule("email", at(5), 1, at(0)).await.unwrap();
    assert_eq!(rescheduled, Changed::Stale);
    assert!(claim(&store, 9, 10, 9).await.is_empty());
}

/// A worker that died gives its emails back (RE-10), and they tell how often that happened.
pub async fn leases(store: Arc<dyn Store>) {
    push(&store, "email", 0).await;
    assert_eq!(claim(&store, 0, 10, 9).await, ["email"]);
    assert!(claim(&store, 9, 20, 9).await.is_empty());
    let claimed = store.outbox().claim(at(10), at(20), 9).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].attempts, 2);
}

/// A worker that took longer than its lease changes nothing that another one holds by now.
pub async fn a_lease_that_ran_out_decides_nothing(store: Arc<dyn Store>) {
    push(&store, "email", 0).await;
    assert_eq!(claim(&store, 0, 10, 9).await, ["email"]);
    assert_eq!(claim(&store, 10, 20, 9).await, ["email"]);
    let outbox = store.outbox();
    let rescheduled = outbox.reschedule("email", at(10), 1, at(0)).await.unwrap();
    assert_eq!(rescheduled, Changed::Stale);
    let removed = store.outbox().remove("email", at(10)).await.unwrap();
    assert_eq!(removed, Removed::AlreadyGone);
    assert!(claim(&store, 19, 30, 9).await.is_empty(), "the other's lease");
    let removed = store.outbox().remove("email", at(20)).await.unwrap();
    assert_eq!(removed, Removed::Removed);
}

/// Later, with the attempts that were made.
pub async fn reschedule(store: Arc<dyn Store>) {
    push(&store, "email", 0).await;
    claim(&store, 0, 100, 9).await;
    let outbox = store.outbox();
    let rescheduled = outbox.reschedule("email", at(100), 3, at(10)).await.unwrap();
    assert_eq!(rescheduled, Changed::Applied);
    assert!(claim(&store, 9, 100, 9).await.is_empty());
    let claimed = store.outbox().claim(at(10), at(100), 9).await.unwrap();
    assert_eq!(
        claimed,
        [OutboxMessage {
            attempts: 4,
            ..message("email", at(10))
        }]
    );
}

/// No two workers get the same email.
pub async fn concurrent_claims(store: Arc<dyn Store>) {
    for number in 0..30 {
        push(&store, &format!("email-{number}"), 0).await;
    }
    let worker = |_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut claimed = Vec::new();
            loop {
                let some = claim(&store, 1, 100, 4).await;
                assert!(some.len() <= 4, "{} instead of 4", some.len());
                if some.is_empty() {
                    return claimed;
                }
                claimed.extend(some);
            }
        })
    };
    let mut claimed: Vec<_> = join_all((0..5).map(worker))
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    // A worker may find nothing because others hold what it saw; what is left over comes with the next look.
    claimed.extend(claim(&store, 1, 100, 30).await);
    claimed.sort_unstable();
    let count = claimed.len();
    claimed.dedup();
    assert_eq!((count, claimed.len()), (30, 30));
}

/// All that wait, leased or not, page by page in the order of their ids; and nothing is leased by looking.
pub async fn list_by_pages(store: Arc<dyn Store>) {
    assert!(store.outbox().list(None, 9).await.unwrap().is_empty());
    for id in ["b", "c", "a"] {
        push(&store, id, 0).await;
    }
    assert_eq!(claim(&store, 0, 100, 1).await.len(), 1);
    let page = async |after: Option<&str>, limit| -> Vec<String> {
        let page = store
            .outbox()
            .list(after.map(str::to_owned), limit)
            .await
            .unwrap();
        page.into_iter().map(|message| message.id).collect()
    };
    assert_eq!(page(None, 2).await, ["a", "b"]);
    assert_eq!(page(Some("b"), 2).await, ["c"]);
    assert_eq!(page(Some("c"), 2).await, [""; 0]);
    assert_eq!(claim(&store, 0, 100, 9).await.len(), 2);
}
