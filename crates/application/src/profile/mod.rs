//! Looking after one's own data.

mod change_email;
mod delete;
mod update;

pub use change_email::{ChangeEmail, ChangeEmailError, EmailChanged};
pub use delete::{DeleteUser, DeleteUserError, DeleteUserInput, Deletion};
pub use update::{UpdateUser, UpdateUserError};
