//! Reading the audit log.

mod list;
mod list_own;
mod page;

pub use list::ListEvents;
pub use list_own::ListOwnEvents;
pub use page::{EventPage, MAX_PAGE, PageRequest};
