//! Creating, deleting and locking users, for every endpoint.

mod create;
mod delete;
mod last_administrator;
mod username_hold;

pub(crate) use create::{insert_user, new_user};
pub(crate) use delete::{DeletionError, delete_or_anonymize};
pub(crate) use last_administrator::{Administered, lock_for_administration};
pub(crate) use username_hold::UsernameHolds;
