use std::error::Error;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::email::{MailError, Mailer, OutboxMessage};
use doorward_domain::{ErrorChain, StoreError};

use super::attempt::{Attempt, attempt};
use super::envelope;
use crate::Context;

/// Sends what waits in the outbox. A worker runs it again and again.
#[derive(Clone)]
pub struct DeliverMail {
    context: Context,
    mailer: Arc<dyn Mailer>,
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
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<bool, StoreError> {
        let now = self.context.now();
        let outbox = self.context.store().outbox();
        let claimed = outbox.claim(now, now + Self::LEASE, 1).await?;
        let Some(message) = claimed.into_iter().next() else {
            return Ok(false);
        };
        self.deliver(message, stop).await?;
        Ok(true)
    }

    async fn deliver(
        &self,
        message: OutboxMessage,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), StoreError> {
        let outbox = self.context.store().outbox();
        let email = match envelope::open(&message.sealed, &*self.context.ports.sealer) {
            Ok(email) => email,
            Err(cause) => return self.postpone(&message, &cause).await,
        };
        match attempt(&*self.mailer, &message.id, &email, stop).await {
            Attempt::Answered(Ok(())) => {
                tracing::info!(email = message.id, "email sent");
                outbox.remove(&message.id).await
            }
            Attempt::Answered(Err(MailError::Permanent(cause))) => {
                let cause = ErrorChain(&*cause);
                tracing::error!(email = message.id, %cause, "email dropped: it was refused");
                outbox.remove(&message.id).await
            }
            Attempt::Answered(Err(MailError::Temporary(cause))) => self.postpone(&message, &*cause).await,
            Attempt::Interrupted => {
                outbox
                    .reschedule(&message.id, message.attempts, message.due_at)
                    .await
            }
        }
    }

    /// Tries again later, or gives up after a day. An email that cannot be read waits, too: a newer version of the
    /// server, or one with another secret, may be running beside this one.
    async fn postpone(
        &self,
        message: &OutboxMessage,
        cause: &(dyn Error + 'static),
    ) -> Result<(), StoreError> {
        let outbox = self.context.store().outbox();
        let cause = ErrorChain(cause).to_string();
        let Some(due_at) = self.next_attempt(message) else {
            tracing::error!(email = message.id, cause, "email dropped: not sent within a day");
            return outbox.remove(&message.id).await;
        };
        tracing::warn!(email = message.id, cause, %due_at, "email not sent, will be tried again");
        let attempts = message.attempts.saturating_add(1);
        outbox.reschedule(&message.id, attempts, due_at).await
    }

    fn next_attempt(&self, message: &OutboxMessage) -> Option<DateTime<Utc>> {
        let factor = 1_i32.checked_shl(message.attempts.min(12)).unwrap_or(i32::MAX);
        let due_at = self.context.now() + (Self::FIRST_RETRY * factor).min(Self::LAST_RETRY);
        (due_at < message.created_at + Self::GIVE_UP).then_some(due_at)
    }
}
