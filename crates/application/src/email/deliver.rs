use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::StoreError;
use doorward_domain::email::{MailError, Mailer, OutboxMessage};

use super::envelope;
use crate::Context;

/// Sends what waits in the outbox. A worker runs it again and again.
#[derive(Clone)]
pub struct DeliverMail {
    context: Context,
    mailer: Arc<dyn Mailer>,
}

impl DeliverMail {
    const BATCH: u64 = 16;
    const LEASE: TimeDelta = TimeDelta::minutes(5);
    const FIRST_RETRY: TimeDelta = TimeDelta::seconds(1);
    const LAST_RETRY: TimeDelta = TimeDelta::hours(1);
    const GIVE_UP: TimeDelta = TimeDelta::hours(24);

    /// The use-case in this context, sending through `mailer`.
    #[must_use]
    pub const fn new(context: Context, mailer: Arc<dyn Mailer>) -> Self {
        Self { context, mailer }
    }

    /// Sends one batch of due emails and answers how many it took from the outbox. What fails is tried again after
    /// 1 s, 2 s, 4 s … up to an hour, and given up after a day (RE-10). `stop` is asked before each email; those
    /// not tried go back at once, so that a stopping server leaves no lease behind (RE-9).
    pub async fn run(&self, stop: impl Fn() -> bool + Send) -> Result<usize, StoreError> {
        let now = self.context.now();
        let outbox = self.context.store().outbox();
        let messages = outbox.claim(now, now + Self::LEASE, Self::BATCH).await?;
        let count = messages.len();
        for message in messages {
            if stop() {
                outbox
                    .reschedule(&message.id, message.attempts, message.due_at)
                    .await?;
            } else {
                self.deliver(message).await?;
            }
        }
        Ok(count)
    }

    async fn deliver(&self, message: OutboxMessage) -> Result<(), StoreError> {
        let outbox = self.context.store().outbox();
        let Ok(email) = envelope::open(&message.sealed, &*self.context.ports.sealer) else {
            tracing::error!(
                email = message.id,
                "email dropped: it cannot be opened with the present secret"
            );
            return outbox.remove(&message.id).await;
        };
        match self.mailer.send(&message.id, &email).await {
            Ok(()) => {
                tracing::info!(email = message.id, "email sent");
                outbox.remove(&message.id).await
            }
            Err(MailError::Permanent(cause)) => {
                tracing::error!(email = message.id, cause, "email dropped: it was refused");
                outbox.remove(&message.id).await
            }
            Err(MailError::Temporary(cause)) => {
                let Some(due_at) = self.next_attempt(&message) else {
                    tracing::error!(email = message.id, cause, "email dropped: not sent within a day");
                    return outbox.remove(&message.id).await;
                };
                tracing::warn!(email = message.id, cause, %due_at, "email not sent, will be tried again");
                let attempts = message.attempts.saturating_add(1);
                outbox.reschedule(&message.id, attempts, due_at).await
            }
        }
    }

    fn next_attempt(&self, message: &OutboxMessage) -> Option<DateTime<Utc>> {
        let factor = 1_i32.checked_shl(message.attempts.min(12)).unwrap_or(i32::MAX);
        let due_at = self.context.now() + (Self::FIRST_RETRY * factor).min(Self::LAST_RETRY);
        (due_at < message.created_at + Self::GIVE_UP).then_some(due_at)
    }
}
