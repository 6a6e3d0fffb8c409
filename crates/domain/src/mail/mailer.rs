use async_trait::async_trait;

use super::Letter;
use crate::BoxError;

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Trying again later may help: the relay is unreachable, slow or busy.
    #[error("the letter could not be sent now")]
    Temporary(#[source] BoxError),
    /// Trying again will not help: the relay refused the letter or the recipient.
    #[error("the letter was refused")]
    Permanent(#[source] BoxError),
}

/// Sends letters. Never called while somebody waits for an answer (ML-1).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends the letter as text and HTML. `id` is the same at every attempt, so that a relay or a mailbox can
    /// recognise a letter that was sent twice.
    async fn send(&self, id: &str, letter: &Letter) -> Result<(), MailError>;
}
