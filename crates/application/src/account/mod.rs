//! Ways to sign in.

mod list;
mod unlink;

pub use list::ListAccounts;
pub use unlink::{UnlinkAccount, UnlinkError};
