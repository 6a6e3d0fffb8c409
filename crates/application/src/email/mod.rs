//! Emails: written within a transaction, sent after it.

mod attempt;
mod deliver;
mod envelope;
mod outbox_writer;

pub use deliver::DeliverMail;
pub(crate) use envelope::open_waiting;
pub use outbox_writer::OutboxWriter;
