//! What users do with their own record: update, change address, delete.

mod change_email;
mod delete;
mod update;

pub use change_email::{ChangeEmail, ChangeEmailError, EmailChanged};
pub use delete::{DeleteUser, DeleteUserError, DeleteUserInput, Deletion};
pub use update::{UpdateUser, UpdateUserError};
