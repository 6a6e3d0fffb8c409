//! Promises about budgets of attempts and emails.

use std::sync::Arc;

use chrono::TimeDelta;
use doorward_domain::rate_limit::{Budget, BudgetKey, BudgetKind, Spending};
use doorward_domain::{Changed, Removed, Store};
use futures_util::future::join_all;

use crate::samples::{at, request};

const KIND: BudgetKind = BudgetKind::new("test");
const HOUR: TimeDelta = TimeDelta::hours(1);

fn key(subject: &str) -> BudgetKey {
    BudgetKey::new(KIND, subject)
}

/// What is answered to one more at this second: how many were used, or how many seconds to wait.
async fn spend(store: &Arc<dyn Store>, key: &BudgetKey, budget: &Budget, second: i64) -> Result<u32, i64> {
    match store.budgets().spend(key, budget, at(second)).await.unwrap() {
        Spending::Granted { used } => Ok(used),
        Spending::Refused { retry_after } => Err(retry_after.num_seconds()),
    }
}

/// So many in a period that begins with the first, each key by itself.
pub async fn rl_7_a_period_has_its_number(store: Arc<dyn Store>) {
    let budget = Budget::per(3, HOUR);
    for used in 1..=3 {
        assert_eq!(spend(&store, &key("ada"), &budget, 10).await, Ok(used));
    }
    assert_eq!(spend(&store, &key("ada"), &budget, 610).await, Err(3000));
    assert_eq!(spend(&store, &key("bob"), &budget, 610).await, Ok(1));
    assert_eq!(spend(&store, &key("ada"), &budget, 3609).await, Err(1));
    assert_eq!(spend(&store, &key("ada"), &budget, 3610).await, Ok(1));
    assert_eq!(
        spend(&store, &key("ada"), &budget, 7209).await,
        Ok(2),
        "the new period began with the first that was granted"
    );
    assert_eq!(spend(&store, &key("ada"), &budget, 7210).await, Ok(1));
}

/// Ten failures, then waits that grow, and none that is prolonged by coming too early.
pub async fn rl_4_waits_grow(store: Arc<dyn Store>) {
    let budget = Budget::attempts(100, HOUR * 24);
    for used in 1..=10 {
        assert_eq!(spend(&store, &key("ada"), &budget, 0).await, Ok(used));
    }
    let mut now = 0;
    let waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900];
    for (used, wait) in (11..).zip(waits) {
        assert_eq!(spend(&store, &key("ada"), &budget, now).await, Err(wait));
        assert_eq!(spend(&store, &key("ada"), &budget, now + wait - 1).await, Err(1));
        now += wait;
        assert_eq!(spend(&store, &key("ada"), &budget, now).await, Ok(used));
    }
}

/// A hundred are answered, and nothing more until a day after the last.
pub async fn rl_4_a_hundred_are_answered(store: Arc<dyn Store>) {
    let budget = Budget::attempts(100, HOUR * 24);
    let mut now = 0;
    for used in 1..=100 {
        assert_eq!(spend(&store, &key("ada"), &budget, now).await, Ok(used));
        now += 900;
    }
    let last = now - 900;
    assert_eq!(
        spend(&store, &key("ada"), &budget, now).await,
        Err(24 * 3600 - 900)
    );
    assert_eq!(
        spend(&store, &key("ada"), &budget, last + 24 * 3600 - 1).await,
        Err(1)
    );
    assert_eq!(spend(&store, &key("ada"), &budget, last + 24 * 3600).await, Ok(1));
}

/// Of any number of concurrent calls no more are granted than there are.
pub async fn rl_4_of_fifty_at_once_ten_are_granted(store: Arc<dyn Store>) {
    let budget = Budget::attempts(100, HOUR);
    let one = |_| {
        let store = store.clone();
        tokio::spawn(async move {
            let tx = store.begin(&request()).await.unwrap();
            let spending = tx.budgets().spend(&key("ada"), &budget, at(0)).await.unwrap();
            tx.commit().await.unwrap();
            matches!(spending, Spending::Granted { .. })
        })
    };
    let granted = join_all((0..50).map(one)).await;
    let granted = granted.into_iter().map(Result::unwrap);
    assert_eq!(granted.filter(|granted| *granted).count(), 10);
}

/// What was spent in a transaction that is dropped was not spent.
pub async fn dropped_without_trace(store: Arc<dyn Store>) {
    let budget = Budget::per(1, HOUR);
    let tx = store.begin(&request()).await.unwrap();
    let spending = tx.budgets().spend(&key("ada"), &budget, at(0)).await.unwrap();
    assert_eq!(spending, Spending::Granted { used: 1 });
    drop(tx);
    assert_eq!(spend(&store, &key("ada"), &budget, 0).await, Ok(1));
}

/// One that was spent for nothing counts no more, and neither does the wait after it.
pub async fn refund(store: Arc<dyn Store>) {
    let budget = Budget::attempts(100, HOUR);
    let refund = async |used, second| {
        let budgets = store.budgets();
        budgets.refund(&key("ada"), used, at(second)).await.unwrap()
    };
    assert_eq!(
        refund(1, 0).await,
        Changed::Stale,
        "there is nothing to give back"
    );
    assert_eq!(spend(&store, &key("ada"), &budget, 0).await, Ok(1));
    assert_eq!(refund(1, 0).await, Changed::Applied);
    assert_eq!(refund(1, 0).await, Changed::Stale, "the first was the last");
    for used in 1..=10 {
        assert_eq!(spend(&store, &key("ada"), &budget, 0).await, Ok(used));
    }
    assert_eq!(spend(&store, &key("ada"), &budget, 1).await, Ok(11));
    assert_eq!(spend(&store, &key("ada"), &budget, 1).await, Err(2));
    assert_eq!(refund(11, 1).await, Changed::Applied);
    assert_eq!(spend(&store, &key("ada"), &budget, 1).await, Ok(11));
    assert_eq!(spend(&store, &key("ada"), &budget, 3).await, Ok(12));
    assert_eq!(refund(11, 3).await, Changed::Applied);
    assert_eq!(
        spend(&store, &key("ada"), &budget, 3).await,
        Err(4),
        "the wait is that of a later one"
    );
    assert_eq!(spend(&store, &key("ada"), &budget, 7).await, Ok(12));
}

/// A key is reset by itself; with its owner all parts are.
pub async fn rl_5_reset(store: Arc<dyn Store>) {
    let budget = Budget::per(1, HOUR);
    let (whole, part) = (key("ada"), BudgetKey::of_part(KIND, "ada", "phone"));
    let other = BudgetKey::new(BudgetKind::new("other"), "ada");
    for key in [&whole, &part, &other, &key("bob")] {
        assert_eq!(spend(&store, key, &budget, 0).await, Ok(1));
        assert!(spend(&store, key, &budget, 0).await.is_err());
    }
    assert_eq!(store.budgets().reset(&whole).await.unwrap(), Removed::Removed);
    assert_eq!(store.budgets().reset(&whole).await.unwrap(), Removed::AlreadyGone);
    assert!(
        spend(&store, &part, &budget, 0).await.is_err(),
        "a part of its own"
    );
    assert_eq!(spend(&store, &whole, &budget, 0).await, Ok(1));
    assert_eq!(store.budgets().reset_all(&whole).await.unwrap(), 2);
    for (key, is_free) in [
        (&whole, true),
        (&part, true),
        (&other, false),
        (&key("bob"), false),
    ] {
        assert_eq!(spend(&store, key, &budget, 0).await.is_ok(), is_free);
    }
}

/// What is full again goes, a few at a time.
pub async fn purge_expired(store: Arc<dyn Store>) {
    let budget = Budget::per(1, HOUR);
    for (number, second) in [-7200, -3601, -3600, -3599, 0].into_iter().enumerate() {
        let key = key(&number.to_string());
        assert_eq!(spend(&store, &key, &budget, second).await, Ok(1));
    }
    assert_eq!(store.budgets().purge_expired(at(0), 2).await.unwrap(), 2);
    assert_eq!(store.budgets().purge_expired(at(0), 2).await.unwrap(), 1);
    assert_eq!(store.budgets().purge_expired(at(0), 2).await.unwrap(), 0);
    for number in [3, 4] {
        assert!(
            spend(&store, &key(&number.to_string()), &budget, 0)
                .await
                .is_err()
        );
    }
}
