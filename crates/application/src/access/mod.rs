//! Looking after other people's users, and who may.
//!
//! Every use-case here takes the session of whoever asks and checks by itself whether they may: there is no way to it that
//! could forget.

mod add;
mod ask;
mod change;
mod find;
mod gate;
mod impersonate;
mod remove;
mod sessions;
mod set_password;
mod set_up;

pub(crate) use gate::is_last_administrator;

pub use add::{AddUser, AddUserInput};
pub use ask::{AskPermission, Explain, Explained};
pub use change::{BanInput, ChangeUser, RoleInput};
pub use find::{FindUsers, MAX_PAGE};
pub use gate::AdminError;
pub use impersonate::{Impersonate, Impersonating, StopError, StopImpersonating, Stopped};
pub use remove::{RemoveUser, RestoreUser};
pub use sessions::UserSessions;
pub use set_password::SetUserPassword;
pub use set_up::{SetUp, SetUpError, SetUpInput};
