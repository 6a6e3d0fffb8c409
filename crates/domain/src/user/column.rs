use super::{FilterValue, User};
use crate::fields::{FieldKind, UserFeature};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// A moment.
    DateTime,
}

/// Makes [`UserColumn`] from one list of the columns: the name on the wire and in the table, what the column holds, whether it
/// may be missing, whose it is, and its value. The pattern takes a user apart; it names every field, so that a new one cannot
/// be forgotten.
macro_rules! user_columns {
    ($fields:pat => $(
        $column:ident = $name:literal, $kind:ident, $presence:ident, $feature:expr, $value:expr;
    )+) => {
        /// A column users can be filtered and sorted by. There are no others (IN-7).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum UserColumn {
            $( #[doc = concat!("`", $name, "`")] $column, )+
        }

        impl UserColumn {
            /// All of them.
            pub const ALL: &[Self] = &[$( Self::$column, )+];

            /// The name on the wire and in the table.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$column => $name, )+
                }
            }

            /// What it holds.
            #[must_use]
            pub const fn kind(self) -> ValueKind {
                match self {
                    $( Self::$column => ValueKind::$kind, )+
                }
            }

            /// Whether there are users without a value in it.
            #[must_use]
            pub const fn may_be_missing(self) -> bool {
                match self {
                    $( Self::$column => matches!(Presence::$presence, Presence::Nullable), )+
                }
            }

            /// The feature that it belongs to; none if every application has it.
            pub(crate) const fn feature(self) -> Option<UserFeature> {
                match self {
                    $( Self::$column => $feature, )+
                }
            }

            /// What it holds of this user.
            #[must_use]
            pub fn of(self, user: &User) -> Option<FilterValue> {
                let $fields = user;
                match self {
                    $( Self::$column => $value, )+
                }
            }
        }
    };
}

enum Presence {
    Always,
    Nullable,
}

use FilterValue::{Bool, DateTime};
use UserFeature::{Admin, Username};

fn text(text: &str) -> FilterValue {
    FilterValue::Text(text.to_owned())
}

// A field that has no column here is in `OF_USERS` of `taken_names.rs`.
user_columns! {
    User {
        id,
        name,
        email,
        email_verified,
        image,
        username,
        display_username,
        extra: _,
        role,
        ban,
        created_at,
        updated_at,
        deleted_at: _,
        deleted_email: _,
        deleted_username: _,
    } =>
    Id = "id", Text, Always, None, Some(text(id.as_str()));
    Name = "name", Text, Always, None, Some(text(name.as_str()));
    Email = "email", Text, Always, None, Some(text(email.as_str()));
    EmailVerified = "emailVerified", Bool, Always, None, Some(Bool(*email_verified));
    Image = "image", Text, Nullable, None, image.as_ref().map(|image| text(image.as_str()));
    Username = "username", Text, Nullable, Some(Username), username.as_ref().map(|it| text(it.as_str()));
    DisplayUsername = "displayUsername", Text, Nullable, Some(Username), display_username.as_deref().map(text);
    Role = "role", Text, Nullable, Some(Admin), role.as_ref().map(|role| text(role.as_str()));
    Banned = "banned", Bool, Nullable, Some(Admin), ban.banned.map(Bool);
    BanReason = "banReason", Text, Nullable, Some(Admin), ban.reason.as_deref().map(text);
    BanExpires = "banExpires", DateTime, Nullable, Some(Admin), ban.expires_at.map(DateTime);
    CreatedAt = "createdAt", DateTime, Always, None, Some(DateTime(*created_at));
    UpdatedAt = "updatedAt", DateTime, Always, None, Some(DateTime(*updated_at));
}

impl From<ValueKind> for FieldKind {
    fn from(kind: ValueKind) -> Self {
        match kind {
            ValueKind::Text => Self::Text,
            ValueKind::Bool => Self::Bool,
            ValueKind::DateTime => Self::DateTime,
        }
    }
}
