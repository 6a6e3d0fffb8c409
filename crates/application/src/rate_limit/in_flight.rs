use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_domain::rate_limit::BudgetKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The attempts of this process that are counted and not settled yet, by budget. Further ones wait for their turn.
///
/// An attempt in flight counts as failed. Without a queue, more right passwords at once than a budget has room for would use it
/// up, and some of them would be refused.
#[derive(Clone, Debug, Default)]
pub struct AttemptsInFlight(Arc<Mutex<Queues>>);

/// One for each budget with an attempt that is in flight or waits.
type Queues = HashMap<BudgetKey, Arc<Semaphore>>;

impl AttemptsInFlight {
    /// How many on one budget are in flight at once. Those of two servers fit into what a budget allows without a wait.
    const MAX: usize = 4;

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn. First come, first served.
    pub(super) async fn turn(&self, key: &BudgetKey) -> Turn {
        let queue = self
            .queues()
            .entry(key.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(Self::MAX)))
            .clone();
        let mut turn = Turn {
            all: self.clone(),
            key: key.clone(),
            queue,
            permit: None,
        };
        // Nobody closes the queue. If somebody did, the attempt would only not wait.
        turn.permit = turn.queue.clone().acquire_owned().await.ok();
        turn
    }
}

/// A turn, or a place in the queue for one. The next gets it when it is dropped.
pub(super) struct Turn {
    all: AttemptsInFlight,
    key: BudgetKey,
    queue: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queues = self.all.queues();
        self.permit = None;
        // Others get hold of the queue under this lock only: if the map and this turn alone have it, nobody waits.
        if Arc::strong_count(&self.queue) == 2 {
            queues.remove(&self.key);
        }
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use doorward_domain::rate_limit::BudgetKind;

    use super::*;

    fn key(subject: &str) -> BudgetKey {
        BudgetKey::new(BudgetKind::new("test"), subject)
    }

    fn poll<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }

    #[test]
    fn further_attempts_on_a_budget_wait_for_those_in_flight() {
        let (all, ada) = (AttemptsInFlight::default(), key("ada"));
        let mut turns: Vec<_> = (0..AttemptsInFlight::MAX)
            .map(|_| poll(&mut Box::pin(all.turn(&ada))).unwrap())
            .collect();
        let (mut first, mut second) = (Box::pin(all.turn(&ada)), Box::pin(all.turn(&ada)));
        assert!(poll(&mut first).is_none() && poll(&mut second).is_none());
        let other = key("grace");
        assert!(
            poll(&mut Box::pin(all.turn(&other))).is_some(),
            "others do not wait"
        );
        turns.pop();
        assert!(poll(&mut second).is_none(), "first come, first served");
        assert!(poll(&mut first).is_some());
    }

    #[test]
    fn nothing_is_kept_of_attempts_that_are_settled_or_hung_up() {
        let (all, ada) = (AttemptsInFlight::default(), key("ada"));
        let mut turns: Vec<_> = (0..AttemptsInFlight::MAX)
            .map(|_| poll(&mut Box::pin(all.turn(&ada))).unwrap())
            .collect();
        let mut waits = Box::pin(all.turn(&ada));
        assert!(poll(&mut waits).is_none());
        turns.clear();
        assert_eq!(all.queues().len(), 1, "one waits");
        drop(waits);
        assert_eq!(all.queues().len(), 0);
        assert!(poll(&mut Box::pin(all.turn(&ada))).is_some());
        assert_eq!(all.queues().len(), 0);
    }
}
