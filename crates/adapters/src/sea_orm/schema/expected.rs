//! The tables and columns that the repositories read and write.

use std::iter;

use sea_orm::{IdenStatic, Iterable};

use crate::sea_orm::row::user_row::Column;

/// What a column has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bool,
    Date,
}

/// Whose a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Better Auth's: it has to be there.
    Core,
    /// Better Auth's, and null at times.
    CoreNullable,
    /// A plugin's or Doorward's, always filled: it is made where it is missing.
    Added,
    /// The same, and null at times.
    AddedNullable,
}

/// A column as the repositories want it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) origin: Origin,
}

impl Wanted {
    pub(super) const fn must_exist(&self) -> bool {
        matches!(self.origin, Origin::Core | Origin::CoreNullable)
    }

    /// Whether it is added where it is missing.
    pub(super) fn is_made(&self) -> bool {
        !self.must_exist() && self.name != MADE_OPTIONAL
    }

    pub(super) const fn may_be_null(&self) -> bool {
        matches!(self.origin, Origin::CoreNullable | Origin::AddedNullable)
    }
}

const fn column(name: &'static str, kind: Kind, origin: Origin) -> Wanted {
    Wanted { name, kind, origin }
}

use Kind::{Bool, Date, Text};
use Origin::{Added, AddedNullable, Core, CoreNullable};

/// What a column of users is like. Every column that the repositories have is here, or this does not compile.
const fn of_users(column: Column) -> (Kind, Origin) {
    match column {
        Column::Id | Column::Name | Column::Email => (Text, Core),
        Column::EmailVerified => (Bool, Core),
        Column::Image => (Text, CoreNullable),
        Column::CreatedAt | Column::UpdatedAt => (Date, Core),
        Column::Role => (Text, Added),
        Column::Banned => (Bool, Added),
        Column::BanExpires | Column::DeletedAt => (Date, AddedNullable),
        Column::BanReason
        | Column::Username
        | Column::DisplayUsername
        | Column::DeletedEmail
        | Column::DeletedUsername => (Text, AddedNullable),
    }
}
/// The column of Better Auth 1.7.0 to 1.7.2 that a step makes optional.
pub(super) const MADE_OPTIONAL: &str = "issuer";

/// Better Auth's four tables.
pub(super) fn tables() -> Vec<(&'static str, Vec<Wanted>)> {
    let users = Column::iter().map(|it| {
        let (kind, origin) = of_users(it);
        column(it.as_str(), kind, origin)
    });
    let others = OTHERS.iter().map(|(name, columns)| (*name, columns.to_vec()));
    iter::once(("user", users.collect())).chain(others).collect()
}

const OTHERS: [(&str, &[Wanted]); 3] = [
    (
        "session",
        &[
            column("id", Text, Core),
            column("userId", Text, Core),
            column("token", Text, Core),
            column("expiresAt", Date, Core),
            column("createdAt", Date, Core),
            column("updatedAt", Date, Core),
            column("ipAddress", Text, CoreNullable),
            column("userAgent", Text, CoreNullable),
            column("impersonatedBy", Text, AddedNullable),
            column("adoptedAt", Date, AddedNullable),
            column("amr", Text, AddedNullable),
            column("authenticatedAt", Date, AddedNullable),
            column("browserSession", Bool, AddedNullable),
        ],
    ),
    (
        "account",
        &[
            column("id", Text, Core),
            column("userId", Text, Core),
            column("providerId", Text, Core),
            column("accountId", Text, Core),
            column("scope", Text, CoreNullable),
            column("password", Text, CoreNullable),
            column("createdAt", Date, Core),
            column("updatedAt", Date, Core),
            column(MADE_OPTIONAL, Text, Added),
        ],
    ),
    (
        "verification",
        &[
            column("id", Text, Core),
            column("identifier", Text, Core),
            column("value", Text, Core),
            column("expiresAt", Date, Core),
            column("createdAt", Date, Core),
            column("updatedAt", Date, Core),
            column("userId", Text, AddedNullable),
        ],
    ),
];

/// Names that ORMs and `modelName` give the four tables, in lower case and without underscores.
pub(super) const LOOKALIKES: [(&str, &str); 8] = [
    ("user", "user"),
    ("users", "user"),
    ("session", "session"),
    ("sessions", "session"),
    ("account", "account"),
    ("accounts", "account"),
    ("verification", "verification"),
    ("verifications", "verification"),
];
