//! Being signed in.

mod door;
mod list;
mod read;
mod revoke;
mod sign_out;
mod update;

pub(crate) use door::end_previous;
pub use door::{AuthMethod, Client, IssuedSession, SessionIssuer, SessionRequest, SignInDenied};
pub(crate) use list::handle;
pub use list::{ListSessions, ListedSession};
pub use read::{CurrentSession, ReadSession, Refresh};
pub use revoke::{RevokeSession, RevokeSessions};
pub use sign_out::SignOut;
pub use update::UpdateSession;
