//! The audit log: reading it, its chain, and the end of its retention.

mod list;
mod list_own;
mod page;
mod purge;
mod restart;
mod seal;
mod verify;

pub use list::ListEvents;
pub use list_own::ListOwnEvents;
pub use page::{EventPage, MAX_PAGE, PageRequest};
pub use purge::PurgeEvents;
pub use restart::{FormerSecret, RestartChain, RestartError, Restarted};
pub use seal::{SealError, SealEvents};
pub use verify::{Finding, Verification, VerifyEvents};
