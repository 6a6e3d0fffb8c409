//! The user as clients see and describe them.

pub(crate) mod username_codes;

mod fields;
mod reply;

pub(crate) use fields::{chosen_username, new_username, picture, refuse_managed};
pub(crate) use reply::UserReply;
