use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::email::{MailError, Mailer, OutboxMessage};
use doorward_domain::metrics::{EmailOutcome, Observation};
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

/// What a run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// No email was due.
    Nothing,
    /// An email was tried, whatever became of it. More may be due.
    Tried,
    /// An email was tried, and no other could be sent now. See [`pause_after_failures`].
    NoRelay,
}

/// What becomes of an email after an attempt.
enum Fate {
    /// It was sent, or is given up.
    Over,
    /// It is tried again.
    Due { attempts: u32, at: DateTime<Utc> },
}

/// How long to leave the relay alone after it failed so often in a row: 1 s, 2 s, 4 s … up to half a minute. An email is sent
/// within a minute of the relay's return (RE-10), however long it was away.
#[must_use]
pub fn pause_after_failures(failures: u32) -> Duration {
    let seconds = 1_u64 << failures.saturating_sub(1).min(5);
    Duration::from_secs(seconds).min(LONGEST_PAUSE)
}

const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl DeliverMail {
    const LEASE: TimeDelta = TimeDelta::minutes(5);
    const FIRST_RETRY: TimeDelta = TimeDelta::seconds(1);
    const LAST_RETRY: TimeDelta = TimeDelta::hours(1);
    const RELAY_RETRY: TimeDelta = TimeDelta::seconds(30);
    const GIVE_UP: TimeDelta = TimeDelta::hours(24);
    /// How often an email is tried at most. What fails in the ordinary way is given up before.
    const MOST_ATTEMPTS: u32 = 50;

    /// The use-case in this context, sending through `mailer`.
    #[must_use]
    pub const fn new(context: Context, mailer: Arc<dyn Mailer>) -> Self {
        Self { context, mailer }
    }

    /// Sends the email that is due first and says what it did. What fails is tried again after 1 s, 2 s, 4 s … up to an hour, and
    /// given up after a day (RE-10). When `stop` is ready before the email is sent, the email goes back at once, so that a stopping
    /// server leaves no lease behind (RE-9).
    ///
    /// One email at a time: the lease of one that waits behind slow others would run out.
    pub async fn run(
        &self,
        request: &RequestContext,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Delivery, StoreError> {
        let Some(claim) = self.claim(request).await? else {
            return Ok(Delivery::Nothing);
        };
        let (delivery, fate) = self.deliver(&claim.message, stop).await;
        self.settle(request, &claim, fate).await?;
        Ok(delivery)
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
    async fn deliver(
        &self,
        message: &OutboxMessage,
        stop: impl Future<Output = ()> + Send,
    ) -> (Delivery, Fate) {
        let fate = if message.attempts > Self::MOST_ATTEMPTS {
            let attempts = message.attempts - 1;
            tracing::error!(
                email = message.id,
                attempts,
                "email dropped: the server ended whenever it was sent"
            );
            self.count(EmailOutcome::GivenUp);
            Fate::Over
        } else {
            match envelope::open(&message.sealed, &*self.context.ports.sealer) {
                Ok(email) => match attempt(&*self.mailer, &message.id, &email, stop).await {
                    Attempt::Answered(Err(MailError::NoRelay(cause))) => {
                        return (Delivery::NoRelay, self.wait_for_relay(message, &*cause));
                    }
                    attempt => self.fate(message, attempt),
                },
                Err(cause) => self.postpone(message, &cause),
            }
        };
        (Delivery::Tried, fate)
    }

    fn fate(&self, message: &OutboxMessage, attempt: Attempt) -> Fate {
        match attempt {
            Attempt::Answered(Ok(())) => {
                tracing::info!(email = message.id, "email sent");
                self.count(EmailOutcome::Sent);
                Fate::Over
            }
            Attempt::Answered(Err(MailError::Permanent(cause))) => {
                let cause = ErrorChain(&*cause);
                tracing::error!(email = message.id, %cause, "email dropped: it was refused");
                self.count(EmailOutcome::Refused);
                Fate::Over
            }
            Attempt::Answered(Err(MailError::Temporary(cause) | MailError::NoRelay(cause))) => {
                self.postpone(message, &*cause)
            }
            Attempt::Interrupted => Fate::Due {
                attempts: message.attempts.saturating_sub(1),
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
        let retries = message.attempts.saturating_sub(1);
        let factor = 1_i32.checked_shl(retries.min(12)).unwrap_or(i32::MAX);
        let Some(at) = self.unless_given_up(message, (Self::FIRST_RETRY * factor).min(Self::LAST_RETRY))
        else {
            tracing::error!(email = message.id, cause, "email dropped: not sent within a day");
            self.count(EmailOutcome::GivenUp);
            return Fate::Over;
        };
        tracing::warn!(email = message.id, cause, due_at = %at, "email not sent, will be tried again");
        self.count(EmailOutcome::Postponed);
        Fate::Due {
            attempts: message.attempts,
            at,
        }
    }

    /// Tries again as soon as the relay may be back, or gives up after a day. What is tried next is another email, so that none
    /// keeps the others waiting.
    fn wait_for_relay(&self, message: &OutboxMessage, cause: &(dyn Error + 'static)) -> Fate {
        let cause = ErrorChain(cause).to_string();
        let Some(at) = self.unless_given_up(message, Self::RELAY_RETRY) else {
            tracing::error!(
                email = message.id,
                cause,
                "email dropped: no relay took emails for a day"
            );
            self.count(EmailOutcome::GivenUp);
            return Fate::Over;
        };
        tracing::warn!(
            email = message.id,
            cause,
            "email not sent: no relay takes emails now"
        );
        self.count(EmailOutcome::NoRelay);
        // The email was not at fault: the attempt does not count.
        Fate::Due {
            attempts: message.attempts.saturating_sub(1),
            at,
        }
    }

    fn count(&self, outcome: EmailOutcome) {
        self.context.observe(Observation::Email(outcome));
    }

    /// When the email is due after this pause, unless that is a day after it was written.
    fn unless_given_up(&self, message: &OutboxMessage, pause: TimeDelta) -> Option<DateTime<Utc>> {
        let due_at = self.context.now() + pause;
        (due_at < message.created_at + Self::GIVE_UP).then_some(due_at)
    }
}
