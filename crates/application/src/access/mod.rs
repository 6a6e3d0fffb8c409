//! Administration of users, and its authorization.
//!
//! Every use-case here, except those of an operator, takes the request context and authorizes the caller itself, so that no
//! caller of the use-case can skip the check.

mod authorize;
mod check_permission;
mod create_by_operator;
mod create_user;
mod delete_user;
mod export_user;
mod impersonate;
mod list_users;
mod send_password_reset;
mod sessions;
mod set_password;
mod set_up;
mod update_user;

pub use authorize::AdminError;
pub(crate) use authorize::require;
pub use check_permission::{CheckPermission, ExplainDecision, Explained};
pub use create_by_operator::{CreateUser, CreateUserError};
pub use create_user::{AdminCreateUser, AdminCreateUserInput};
pub use delete_user::{AdminDeleteUser, RestoreUser};
pub use export_user::ExportUser;
pub use impersonate::{Impersonate, Impersonating, StopError, StopImpersonating, Stopped};
pub use list_users::{ListUsers, MAX_PAGE};
pub use send_password_reset::SendPasswordReset;
pub use sessions::UserSessions;
pub use set_password::SetUserPassword;
pub use set_up::{SetUp, SetUpError, SetUpInput};
pub use update_user::{AdminUpdateUser, BanInput, RoleInput};
