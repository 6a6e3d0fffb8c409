//! Emails: written within a transaction, sent after it.

mod attempt;
mod deliver;
mod envelope;
mod outbox_writer;

pub use deliver::DeliverMail;
pub use outbox_writer::{OutboxWriter, Written};
