use doorward_domain::email::{EmailMessage, OutboxMessage};
use doorward_domain::{StoreError, Transaction, mint_id};

use super::envelope;
use crate::Context;

/// Puts emails into the outbox, in the transaction of what they are about (ML-1).
#[derive(Clone, Debug)]
pub struct OutboxWriter {
    context: Context,
}

impl OutboxWriter {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Writes the email. It is sent if and only if the transaction commits.
    pub async fn write(&self, tx: &dyn Transaction, message: &EmailMessage) -> Result<(), StoreError> {
        let now = self.context.now();
        let message = OutboxMessage {
            id: mint_id(now, self.context.entropy()),
            sealed: envelope::seal(message, &*self.context.ports.sealer),
            attempts: 0,
            due_at: now,
            created_at: now,
        };
        tx.outbox().push(&message).await
    }
}
