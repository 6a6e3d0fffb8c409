//! The tables, with Better Auth's names for tables and columns.
//!
//! Only the columns Doorward reads or writes are here; what else a table has is left alone. `updatedAt` may be missing, and
//! `createdAt` of `verification`: some versions of Better Auth, and schemas that teams made themselves, leave them empty.

pub(super) mod account_row;
pub(super) mod audit_event_row;
pub(super) mod outbox_row;
pub(super) mod session_row;
pub(super) mod user_row;
pub(super) mod verification_row;
