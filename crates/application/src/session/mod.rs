//! Reading, listing, revoking and updating sessions.

mod caller;
mod list;
mod read;
mod revoke;
mod sign_out;
mod update;

pub use doorward_domain::session::ActiveSession;

pub(crate) use caller::{Caller, confirm_caller, lock_caller, users_behind};
pub(crate) use list::handle;
pub use list::{ListSessions, ListedSession};
pub use read::{ReadSession, Refresh};
pub use revoke::{RevokeSession, RevokeSessions};
pub use sign_out::SignOut;
pub use update::UpdateSession;
