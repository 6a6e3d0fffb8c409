//! The tables and columns that the repositories read and write.

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

/// The column of Better Auth 1.7.0 to 1.7.2 that a step makes optional.
pub(super) const MADE_OPTIONAL: &str = "issuer";

/// Better Auth's four tables.
pub(super) const TABLES: [(&str, &[Wanted]); 4] = [
    (
        "user",
        &[
            column("id", Text, Core),
            column("name", Text, Core),
            column("email", Text, Core),
            column("emailVerified", Bool, Core),
            column("image", Text, CoreNullable),
            column("createdAt", Date, Core),
            column("updatedAt", Date, Core),
            column("role", Text, Added),
            column("banned", Bool, Added),
            column("banReason", Text, AddedNullable),
            column("banExpires", Date, AddedNullable),
            column("username", Text, AddedNullable),
            column("displayUsername", Text, AddedNullable),
            column("deletedAt", Date, AddedNullable),
            column("deletedEmail", Text, AddedNullable),
            column("deletedUsername", Text, AddedNullable),
        ],
    ),
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
