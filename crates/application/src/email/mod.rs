//! Emails: written within a transaction, sent after it.

mod attempt;
mod deliver;
mod envelope;
mod outbox_writer;
mod owner_notices;

pub use deliver::{DeliverMail, Delivery, pause_after_failures};
pub(crate) use envelope::open_waiting;
pub use outbox_writer::{Asker, OutboxWriter, Written};
pub(crate) use owner_notices::OwnerNotices;
