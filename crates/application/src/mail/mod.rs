//! Letters: written within a transaction, sent after it.

mod deliver;
mod envelope;
mod post;

pub use deliver::DeliverMail;
pub use post::Post;
