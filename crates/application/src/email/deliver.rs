use std::error::Error;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::email::{MailError, Mailer, OutboxMessage};
use doorward_domain::{Changed, ErrorChain, Removed, RequestContext, StoreError};

use super::attempt::{Attempt, attempt};
use super::envelope;
use crate::Context;

/// Sends what waits in the outbox. A worker runs it again and again.
#[derive(Clone)]
pub struct DeliverMail {
    context: Context,
    mailer: Arc<dyn Mailer>,
}

/// An email that this run may send, until the lease ends.
struct Claim {
    message: OutboxMessage,
    lease_until: DateTime<Utc>,
}

/// What becomes of an email after an attempt.
enum Fate {
    /// It was sent, or is given up.
    Over,
    /// It is tried again.
    Due { attempts: u32, at: DateTime<Utc> },
}

impl DeliverMail {
    const LEASE: TimeDelta = TimeDelta::minutes(5);
    const FIRST_RETRY: TimeDelta = TimeDelta::seconds(1);
    const LAST_RETRY: TimeDelta = TimeDelta::hours(1);
    const GIVE_UP: TimeDelta = TimeDelta::hours(24);

    /// The use-case in this context, sending through `mailer`.
    #[must_use]
    pub const fn new(context: Context, mailer: Arc<dyn Mailer>) -> Self {
        Self { context, mailer }
    }

    /// Sends the email that is due first and answers whether there was one. What fails is tried again after
    /// 1 s, 2 s, 4 s … up to an hour, and given up after a day (RE-10). When `stop` is ready before the email is
    /// sent, the email goes back at once, so that a stopping server leaves no lease behind (RE-9).
    ///
    /// One email at a time: the lease of one that waits behind slow others would run out.
    pub async fn run(
        &self,
        request: &RequestContext,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<bool, StoreError> {
        let Some(claim) = self.claim(request).await? else {
            return Ok(false);
        };
        let fate = self.deliver(&claim.message, stop).await;
        self.settle(request, &claim, fate).await?;
        Ok(true)
    }

    async fn claim(&self, request: &RequestContext) -> Result<Option<Claim>, StoreError> {
        let now = self.context.now();
        let lease_until = now + Self::LEASE;
        let tx = self.context.store().begin(request).await?;
        let claimed = tx.outbox().claim(now, lease_until, 1).await?;
        let Some(message) = claimed.into_iter().next() else {
            return Ok(None);
        };
        tx.commit().await?;
        Ok(Some(Claim { message, lease_until }))
    }

    /// Between the transactions: a mail server may take its time.
    async fn deliver(&self, message: &OutboxMessage, stop: impl Future<Output = ()> + Send) -> Fate {
        let email = match envelope::open(&message.sealed, &*self.context.ports.sealer) {
            Ok(email) => email,
            Err(cause) => return self.postpone(message, &cause),
        };
        match attempt(&*self.mailer, &message.id, &email, stop).await {
            Attempt::Answered(Ok(())) => {
                tracing::info!(email = message.id, "email sent");
                Fate::Over
            }
            Attempt::Answered(Err(MailError::Permanent(cause))) => {
                let cause = ErrorChain(&*cause);
                tracing::error!(email = message.id, %cause, "email dropped: it was refused");
                Fate::Over
            }
            Attempt::Answered(Err(MailError::Temporary(cause))) => self.postpone(message, &*cause),
            Attempt::Interrupted => Fate::Due {
                attempts: message.attempts,
                at: message.due_at,
            },
        }
    }

    /// Writes what became of the email. If the lease ran out meanwhile, another worker has the email, and decides.
    async fn settle(&self, request: &RequestContext, claim: &Claim, fate: Fate) -> Result<(), StoreError> {
        let (id, lease_until) = (&claim.message.id, claim.lease_until);
        let tx = self.context.store().begin(request).await?;
        let is_settled = match fate {
            Fate::Over => tx.outbox().remove(id, lease_until).await? == Removed::Removed,
            Fate::Due { attempts, at } => {
                tx.outbox().reschedule(id, lease_until, attempts, at).await? == Changed::Applied
            }
        };
        if !is_settled {
            tracing::warn!(
                email = id,
                "the email took longer than its lease, and may be sent twice"
            );
            return Ok(());
        }
        tx.commit().await
    }

    /// Tries again later, or gives up after a day. An email that cannot be read waits, too: a newer version of the
    /// server, or one with another secret, may be running beside this one.
    fn postpone(&self, message: &OutboxMessage, cause: &(dyn Error + 'static)) -> Fate {
        let cause = ErrorChain(cause).to_string();
        let Some(due_at) = self.next_attempt(message) else {
            tracing::error!(email = message.id, cause, "email dropped: not sent within a day");
            return Fate::Over;
        };
        tracing::warn!(email = message.id, cause, %due_at, "email not sent, will be tried again");
        Fate::Due {
            attempts: message.attempts.saturating_add(1),
            at: due_at,
        }
    }

    fn next_attempt(&self, message: &OutboxMessage) -> Option<DateTime<Utc>> {
        let factor = 1_i32.checked_shl(message.attempts.min(12)).unwrap_or(i32::MAX);
        let due_at = self.context.now() + (Self::FIRST_RETRY * factor).min(Self::LAST_RETRY);
        (due_at < message.created_at + Self::GIVE_UP).then_some(due_at)
    }
}
