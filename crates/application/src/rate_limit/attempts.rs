use chrono::TimeDelta;
use doorward_domain::metrics::{Limit, Observation};
use doorward_domain::rate_limit::{Budget, BudgetKey, Spending};
use doorward_domain::{ErrorChain, RequestContext, StoreError, Transaction};

use super::in_flight::Turn;
use crate::Context;

/// Too many attempts failed, so that this one was not made (RL-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts failed")]
pub struct TooManyAttempts {
    /// When the next may be made, from now on.
    pub retry_after: TimeDelta,
}

/// Why an attempt is not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttemptError {
    #[error(transparent)]
    TooMany(#[from] TooManyAttempts),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An attempt that is made, and counts as failed until it is settled.
#[must_use = "an attempt that did not fail has to be settled"]
#[derive(Debug)]
pub(crate) struct Attempt(Option<Counted>);

#[derive(Debug)]
struct Counted {
    key: BudgetKey,
    used: u32,
    _turn: Turn,
}

impl Attempt {
    /// The guess was right: the failures before it are forgotten, if the transaction commits.
    pub(crate) async fn succeeded(&self, tx: &dyn Transaction) -> Result<(), StoreError> {
        if let Some(counted) = &self.0 {
            // Another right guess may have done it before.
            let _ = tx.budgets().reset(&counted.key).await?;
        }
        Ok(())
    }
}

/// Counts attempts to guess something, and refuses them when too many failed (RL-4).
///
/// An attempt is counted before it is made, so that many at once are no more than one after the other. Of those on one budget
/// [few are in flight](crate::rate_limit::AttemptsInFlight), the others wait, so that many right ones at once do not use it up.
#[derive(Clone, Debug)]
pub(crate) struct AttemptLimiter {
    context: Context,
}

impl AttemptLimiter {
    pub(crate) const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Counts one more attempt, unless there were `max`.
    ///
    /// Whoever drops the attempt without settling it has made it: a client that hangs up must not get its guesses for nothing.
    pub(crate) async fn begin(
        &self,
        request: &RequestContext,
        key: BudgetKey,
        max: Option<u32>,
    ) -> Result<Attempt, AttemptError> {
        let Some(max) = max else {
            return Ok(Attempt(None));
        };
        let budget = Budget::attempts(max, self.context.settings.security.password_attempts_expire_in);
        let turn = self.context.attempts_in_flight.turn(&key).await;
        let tx = self.context.store().begin(request).await?;
        match tx.budgets().spend(&key, &budget, self.context.now()).await? {
            Spending::Granted { used } => {
                tx.commit().await?;
                Ok(Attempt(Some(Counted {
                    key,
                    used,
                    _turn: turn,
                })))
            }
            Spending::Refused { retry_after } => {
                self.context
                    .observe(Observation::LimitReached(Limit::PasswordAttempts));
                Err(TooManyAttempts { retry_after }.into())
            }
        }
    }

    /// The guess was right, and nothing else follows.
    pub(crate) async fn succeed(&self, request: &RequestContext, attempt: Attempt) -> Result<(), StoreError> {
        if attempt.0.is_none() {
            return Ok(());
        }
        let outcome = async {
            let tx = self.context.store().begin(request).await?;
            attempt.succeeded(&*tx).await?;
            tx.commit().await
        };
        let outcome = outcome.await;
        if outcome.is_err() {
            self.give_back(request, attempt).await;
        }
        outcome
    }

    /// It could not be told whether the guess was right: the server was busy, or the store out of reach. It does not count.
    pub(crate) async fn give_back(&self, request: &RequestContext, attempt: Attempt) {
        let Some(Counted { key, used, _turn }) = attempt.0 else {
            return;
        };
        let refund = async {
            let tx = self.context.store().begin(request).await?;
            // Gone, if it expired or another guess was right.
            let _ = tx.budgets().refund(&key, used, self.context.now()).await?;
            tx.commit().await
        };
        if let Err(error) = refund.await {
            tracing::warn!(error = %ErrorChain(&error), "an attempt that was not made counts as failed");
        }
    }
}
