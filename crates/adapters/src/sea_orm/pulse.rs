//! Whether PostgreSQL still answers, and what happens to statements when it does not (RE-6).
//!
//! The limits that PostgreSQL keeps itself are of no use when it is frozen or cut off: nobody says that they are over.

use std::fmt;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions as _, Connection, PgConnection};
use tokio::time::{Instant, sleep, timeout};

/// How long a statement is waited for before the database is asked whether it answers at all.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same while it is known not to answer.
const NO_PATIENCE: Duration = Duration::from_millis(100);
/// How long it may take to say so.
const PROBE: Duration = Duration::from_secs(1);
/// How long what it said holds.
const FRESH: Duration = Duration::from_millis(500);
/// How long a connection that is taken from the pool may take to prove that it is alive.
const PING: Duration = Duration::from_millis(500);
/// How long a connection that goes back may take to finish what was begun on it.
const RELEASE: Duration = Duration::from_secs(2);
/// A connection that rested for so long has to prove that it is alive.
const RESTED: Duration = Duration::from_secs(1);

/// What can be asked whether it answers.
#[async_trait]
pub(super) trait Probe: Send + Sync {
    async fn answers(&self) -> bool;
}

/// A PostgreSQL, which answers if it takes a new connection, or refuses it in words.
#[async_trait]
impl Probe for PgConnectOptions {
    async fn answers(&self) -> bool {
        match self.connect().await {
            Ok(connection) => {
                // It has answered. That it does not hear the farewell changes nothing.
                connection.close().await.ok();
                true
            }
            Err(error) => !matches!(error, sqlx::Error::Io(_)),
        }
    }
}

/// Watches over the statements of a pool.
pub(super) struct Pulse {
    probe: Box<dyn Probe>,
    /// How long a statement may take where the database answers others. None if that is the operator's to say.
    limit: Option<Duration>,
    /// When it was asked last, and whether it answered.
    heard: tokio::sync::Mutex<Option<(Instant, bool)>>,
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    is_silent: bool,
    /// When a connection last turned out to be dead.
    lost: Option<Instant>,
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pulse")
    }
}

impl Pulse {
    pub(super) fn new(probe: impl Probe + 'static, limit: Option<Duration>) -> Self {
        Self {
            probe: Box::new(probe),
            limit,
            heard: tokio::sync::Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// Waits for work of the database. None if it was given up: the database does not answer, or not on this connection.
    pub(super) async fn watch<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let (mut work, begin) = (pin!(work), Instant::now());
        let patience = if self.known().is_silent {
            NO_PATIENCE
        } else {
            PATIENCE
        };
        loop {
            let is_over = async {
                sleep(patience).await;
                let is_late = self.limit.is_some_and(|limit| begin.elapsed() >= limit);
                is_late || !self.answers().await
            };
            tokio::select! {
                biased;
                outcome = &mut work => return Some(outcome),
                is_over = is_over => if is_over {
                    self.lose();
                    return None;
                }
            }
        }
    }

    /// Notes that a connection is dead: others may be.
    pub(super) fn lose(&self) {
        self.change(|known| known.lost = Some(Instant::now()));
    }

    /// Before a connection leaves the pool, where it rested for so long.
    pub(super) async fn check(&self, connection: &mut PgConnection, rested: Duration) -> sqlx::Result<bool> {
        if self.is_doubtful(rested) {
            within(PING, connection.ping()).await?;
        }
        Ok(true)
    }

    /// Before a connection goes back to the pool, which would wait for it without end.
    pub(super) async fn settle(connection: &mut PgConnection) -> sqlx::Result<bool> {
        within(RELEASE, connection.ping()).await?;
        Ok(true)
    }

    /// Whether a connection that rested for so long may be dead.
    fn is_doubtful(&self, rested: Duration) -> bool {
        let lost = self.known().lost;
        rested >= RESTED || lost.is_some_and(|lost| rested >= lost.elapsed())
    }

    /// Asks the database, once for all who want to know at a time.
    async fn answers(&self) -> bool {
        let mut heard = self.heard.lock().await;
        if let Some((at, answers)) = *heard
            && at.elapsed() < FRESH
        {
            return answers;
        }
        let answers = timeout(PROBE, self.probe.answers()).await.unwrap_or(false);
        *heard = Some((Instant::now(), answers));
        self.change(|known| {
            if known.is_silent == answers {
                if answers {
                    tracing::info!("the database answers again");
                } else {
                    tracing::warn!("the database does not answer");
                }
            }
            known.is_silent = !answers;
        });
        answers
    }

    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

async fn within(limit: Duration, work: impl Future<Output = sqlx::Result<()>>) -> sqlx::Result<()> {
    let silent = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    timeout(limit, work).await.map_err(silent)?
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Answers so often, and then no more.
    #[derive(Clone)]
    struct Answers(Arc<AtomicUsize>);

    impl Answers {
        fn times(count: usize) -> Self {
            Self(Arc::new(AtomicUsize::new(count)))
        }
    }

    #[async_trait]
    impl Probe for Answers {
        async fn answers(&self) -> bool {
            let left = self
                .0
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if left.is_err() {
                pending::<()>().await;
            }
            true
        }
    }

    async fn given_up_after(pulse: &Pulse) -> Duration {
        let begin = Instant::now();
        assert!(pulse.watch(pending::<()>()).await.is_none());
        begin.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn re_6_a_database_that_answers_nothing_is_given_up_after_two_seconds_and_soon_once_it_is_known() {
        let pulse = Pulse::new(Answers::times(0), None);
        assert_eq!(given_up_after(&pulse).await, PATIENCE + PROBE);
        assert_eq!(given_up_after(&pulse).await, NO_PATIENCE);
        sleep(FRESH).await;
        assert_eq!(given_up_after(&pulse).await, NO_PATIENCE + PROBE);
    }

    #[tokio::test(start_paused = true)]
    async fn re_6_a_slow_statement_is_waited_for_as_long_as_others_are_answered() {
        let slow = async { sleep(Duration::from_mins(1)).await };
        assert!(Pulse::new(Answers::times(99), None).watch(slow).await.is_some());
        let limit = Duration::from_secs(8);
        let waited = given_up_after(&Pulse::new(Answers::times(99), Some(limit))).await;
        assert_eq!(waited, limit);
    }

    #[tokio::test(start_paused = true)]
    async fn re_6_what_is_done_is_not_lost_while_the_database_is_asked() {
        let pulse = Pulse::new(Answers::times(0), None);
        assert_eq!(pulse.watch(ready(7)).await, Some(7));
        let late = async { sleep(PATIENCE + PROBE / 2).await };
        assert!(pulse.watch(late).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn re_6_a_connection_that_rested_since_another_was_lost_has_to_prove_itself() {
        let pulse = Pulse::new(Answers::times(0), None);
        let rested = RESTED / 4;
        assert!(pulse.is_doubtful(RESTED) && !pulse.is_doubtful(rested));
        pulse.lose();
        assert!(pulse.is_doubtful(rested));
        sleep(RESTED / 2).await;
        assert!(!pulse.is_doubtful(rested), "it was used since");
    }
}
