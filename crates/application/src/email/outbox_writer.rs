use chrono::TimeDelta;
use doorward_domain::email::{EmailKind, EmailMessage, OutboxMessage};
use doorward_domain::metrics::{Limit, Observation};
use doorward_domain::rate_limit::{Budget, BudgetKey, BudgetKind, Spending};
use doorward_domain::{StoreError, Transaction, mint_id};

use super::envelope;
use crate::Context;

/// Emails to an address that anybody may have asked for, by their kind.
const ASKED_BY_ANYBODY: BudgetKind = BudgetKind::new("email");
/// The same that its owner asked for.
const ASKED_BY_OWNER: BudgetKind = BudgetKind::new("email_to_owner");
/// The same that administrators asked for.
const ASKED_BY_ADMINISTRATORS: BudgetKind = BudgetKind::new("email_by_administrator");

/// Puts emails into the outbox, in the transaction of what they are about (ML-1).
#[derive(Clone, Debug)]
pub struct OutboxWriter {
    context: Context,
}

/// Who asks for an email. Each has a budget of its own, so that strangers do not use up that of the owner (RL-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Whoever knows the address.
    Anybody,
    /// The user it is about: signed in, by their password, or from a browser in which they have signed in before.
    Owner,
    /// Somebody who administers the user.
    Administrator,
}

impl Asker {
    /// The owner, if that is known.
    #[must_use]
    pub const fn owner_if(is_owner: bool) -> Self {
        if is_owner { Self::Owner } else { Self::Anybody }
    }
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
        self.write_for(tx, message, Asker::Anybody).await
    }

    /// The same, counted by who asked for it.
    pub async fn write_for(
        &self,
        tx: &dyn Transaction,
        message: &EmailMessage,
        asker: Asker,
    ) -> Result<Written, StoreError> {
        let now = self.context.now();
        if let Some(key) = limited_key(message, asker)
            && let Some(max) = self.context.settings.security.max_emails_per_hour
        {
            let budget = Budget::per(max, Self::PERIOD);
            if let Spending::Refused { .. } = tx.budgets().spend(&key, &budget, now).await? {
                tracing::warn!(
                    kind = message.kind.to_stored().0,
                    "too many emails to one recipient"
                );
                self.context
                    .observe(Observation::LimitReached(Limit::EmailsToRecipient));
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
fn limited_key(message: &EmailMessage, asker: Asker) -> Option<BudgetKey> {
    let (name, _) = match &message.kind {
        EmailKind::Custom(_) => return None,
        kind => kind.to_stored(),
    };
    let budget = match asker {
        Asker::Anybody => ASKED_BY_ANYBODY,
        Asker::Owner => ASKED_BY_OWNER,
        Asker::Administrator => ASKED_BY_ADMINISTRATORS,
    };
    Some(BudgetKey::of_part(budget, message.to.as_str(), name))
}
