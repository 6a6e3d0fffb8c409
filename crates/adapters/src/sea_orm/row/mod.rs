//! Better Auth's tables, with its names for tables and columns. Doorward's own are in the files of their repositories.
//!
//! Only the columns Doorward reads or writes are here; what else a table has is left alone. `updatedAt` may be missing, and
//! `createdAt` of `verification`: some versions of Better Auth, and schemas that teams made themselves, leave them empty.

pub(super) mod account_row;
pub(super) mod session_row;
pub(super) mod user_row;
pub(super) mod verification_row;
