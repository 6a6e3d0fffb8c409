use async_trait::async_trait;

use super::EmailMessage;
use crate::BoxError;

/// Why an email was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No email can be sent now: the relay is unreachable, or refuses this server. The others need not be tried.
    #[error("no email can be sent now")]
    NoRelay(#[source] BoxError),
    /// Trying this email again later may help: the relay, or whoever it asked, is busy.
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
