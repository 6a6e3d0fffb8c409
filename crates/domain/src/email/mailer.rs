use async_trait::async_trait;

use super::EmailMessage;
use crate::BoxError;

/// Why an email was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Trying again later may help: the relay is unreachable, slow or busy.
    #[error("the email could not be sent now")]
    Temporary(#[source] BoxError),
    /// Trying again will not help: the relay refused the email or the recipient.
    #[error("the email was refused")]
    Permanent(#[source] BoxError),
}

/// Sends emails. Never called while somebody waits for an answer (ML-1).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends the email as text and HTML. `id` is the same at every attempt, so that a relay or a mailbox can
    /// recognise an email that was sent twice.
    async fn send(&self, id: &str, message: &EmailMessage) -> Result<(), MailError>;
}
