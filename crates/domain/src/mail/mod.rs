//! Letters: what they say, the outbox they wait in, and the port that sends them.

mod letter;
mod mailer;
mod outbox;

pub use letter::{Letter, LetterKind};
pub use mailer::{MailError, Mailer};
pub use outbox::{OutboxMessage, OutboxRepository};

#[cfg(any(test, feature = "mocks"))]
pub use mailer::MockMailer;
#[cfg(any(test, feature = "mocks"))]
pub use outbox::MockOutboxRepository;
