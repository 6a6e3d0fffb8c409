//! The user as clients see and describe them.

pub mod codes;
pub mod username_codes;

mod fields;
mod reply;

pub(crate) use fields::{chosen_username, new_username, picture, refuse_managed};
pub(crate) use reply::UserReply;

use crate::{ErrorCode, Module};

/// What the endpoints about users have in common.
pub(crate) struct UserModule;

impl Module for UserModule {
    fn id(&self) -> &'static str {
        "user"
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        codes::ALL
    }
}
