use chrono::TimeDelta;
use doorward_domain::email::{EmailKind, EmailMessage, OutboxMessage};
use doorward_domain::rate_limit::{Budget, BudgetKey, BudgetKind, Spending};
use doorward_domain::{StoreError, Transaction, mint_id};

use super::envelope;
use crate::Context;

/// Emails to an address, by their kind.
const EMAILS: BudgetKind = BudgetKind::new("email");

/// Puts emails into the outbox, in the transaction of what they are about (ML-1).
#[derive(Clone, Debug)]
pub struct OutboxWriter {
    context: Context,
}

/// What became of an email.
#[must_use = "the email may not have been written"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It waits to be sent.
    Queued,
    /// The recipient got too many of its kind (RL-7). It is not sent. Who asked for it must not learn that, so the answer is the
    /// same.
    OverLimit,
}

impl OutboxWriter {
    /// The period of `Security::max_emails_per_hour`.
    const PERIOD: TimeDelta = TimeDelta::hours(1);

    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Writes the email, unless the recipient got too many of its kind. It is sent if and only if the transaction commits.
    pub async fn write(&self, tx: &dyn Transaction, message: &EmailMessage) -> Result<Written, StoreError> {
        let now = self.context.now();
        if let Some(key) = limited_key(message)
            && let Some(max) = self.context.settings.security.max_emails_per_hour
        {
            let budget = Budget::per(max, Self::PERIOD);
            if let Spending::Refused { .. } = tx.budgets().spend(&key, &budget, now).await? {
                tracing::warn!(
                    kind = message.kind.to_stored().0,
                    "too many emails to one recipient"
                );
                return Ok(Written::OverLimit);
            }
        }
        let message = OutboxMessage {
            id: mint_id(now, self.context.entropy()),
            sealed: envelope::seal(message, &*self.context.ports.sealer),
            attempts: 0,
            due_at: now,
            created_at: now,
        };
        tx.outbox().push(&message).await?;
        Ok(Written::Queued)
    }
}

/// The budget of the email. What a module sends is the module's business.
fn limited_key(message: &EmailMessage) -> Option<BudgetKey> {
    let (name, _) = match &message.kind {
        EmailKind::Custom(_) => return None,
        kind => kind.to_stored(),
    };
    Some(BudgetKey::of_part(EMAILS, message.to.as_str(), name))
}
