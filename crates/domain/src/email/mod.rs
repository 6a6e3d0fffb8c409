//! Emails: what they say, the outbox they wait in, and the port that sends them.

mod circumstances;
mod custom;
mod mailer;
mod message;
mod outbox;

pub use circumstances::{ActedBy, Circumstances, SignInMethod};
pub use custom::{CustomEmail, InvalidCustomEmail};
pub use mailer::{MailError, Mailer};
pub use message::{EmailKind, EmailMessage, StoredFields};
pub use outbox::{Backlog, OutboxMessage, OutboxRepository};

#[cfg(any(test, feature = "mocks"))]
pub use mailer::MockMailer;
#[cfg(any(test, feature = "mocks"))]
pub use outbox::MockOutboxRepository;
