//! Emails: written within a transaction, sent after it.

mod attempt;
mod deliver;
mod envelope;
mod outbox_writer;
mod owner_notices;

pub use deliver::DeliverMail;
pub use outbox_writer::OutboxWriter;
pub(crate) use owner_notices::OwnerNotices;
