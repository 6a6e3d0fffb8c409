//! Emails: written within a transaction, sent after it.

mod attempt;
mod deliver;
mod envelope;
mod outbox_writer;

pub use deliver::{DeliverMail, Delivery, pause_after_failures};
pub use outbox_writer::OutboxWriter;
