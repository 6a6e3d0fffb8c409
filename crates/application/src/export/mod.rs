//! Everything held about a user, for the user (DT-2).

mod gather;
mod own;
mod user_export;

pub(crate) use gather::{Gathered, gather};
pub use own::{ExportError, ExportOwnData};
pub use user_export::{ExportedEvent, Held, HeldEmail, HeldVerification, UserExport};
