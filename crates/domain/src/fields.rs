//! Fields that an application adds to users and sessions, as Better Auth's `additionalFields`.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};

/// The table that a field is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldTable {
    /// Users.
    User,
    /// Sessions.
    Session,
}

/// Which features with columns of their own are on.
#[derive(Clone, Copy, Debug)]
pub struct ColumnFeatures {
    /// Roles and bans.
    pub admin: bool,
    /// Usernames.
    pub username: bool,
}

/// A feature with columns of its own.
#[derive(Clone, Copy)]
pub(crate) enum UserFeature {
    Admin,
    Username,
}

impl ColumnFeatures {
    pub(crate) const fn has(self, feature: UserFeature) -> bool {
        match feature {
            UserFeature::Admin => self.admin,
            UserFeature::Username => self.username,
        }
    }
}

/// The name of a field, on the wire and in the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(String);

/// The text is not the name of a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be the name of a field")]
pub struct InvalidFieldName(String);

impl FieldName {
    /// The most bytes of a name.
    pub const MAX: usize = 60;

    /// Reads a name: letters, digits and `_`, not beginning with a digit.
    pub fn parse(text: &str) -> Result<Self, InvalidFieldName> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.is_empty()
            || text.len() > Self::MAX
            || !text.bytes().all(plain)
            || text.starts_with(|first: char| first.is_ascii_digit())
        {
            return Err(InvalidFieldName(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text, also of several lines.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Bool,
    /// A moment.
    DateTime,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Bool(bool),
    /// A moment.
    DateTime(DateTime<Utc>),
}

/// Values by field. A field that is not there has none.
pub type FieldValues = BTreeMap<String, FieldValue>;

/// New values by field; `None` removes one.
pub type FieldChanges = BTreeMap<String, Option<FieldValue>>;

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// Its name on the wire and in the table.
    pub name: FieldName,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether signing up needs a value for it.
    pub required: bool,
    /// The default value.
    pub default: Option<FieldValue>,
    /// Whether users write it themselves.
    pub input: bool,
    /// Whether answers have it.
    pub returned: bool,
}

/// A field cannot have the name of a column that is in use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameTaken {
    /// The table has such a column anyway.
    #[error("`{0}` cannot be the name of a field")]
    Column(FieldName),
    /// A feature that is on uses such a column.
    #[error("`{0}` is a column of a feature that is on")]
    Feature(FieldName),
    /// A feature that is off has such a column, which a field of this letter case or type does not fit.
    #[error("`{0}` is a column that is there already, written otherwise or of another type")]
    Unfit(FieldName),
}

/// Changes values.
pub fn apply(changes: &FieldChanges, values: &mut FieldValues) {
    for (name, change) in changes {
        match change {
            Some(value) => values.insert(name.clone(), value.clone()),
            None => values.remove(name),
        };
    }
}

/// The default values.
#[must_use]
pub fn defaults(specs: &[FieldSpec]) -> FieldValues {
    let with_default = specs
        .iter()
        .filter_map(|spec| Some((spec.name.to_string(), spec.default.clone()?)));
    with_default.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, kind: FieldKind) -> FieldSpec {
        FieldSpec {
            name: FieldName::parse(name).unwrap(),
            kind,
            required: false,
            default: None,
            input: true,
            returned: true,
        }
    }

    #[test]
    fn a_name_is_plain() {
        for name in ["", "1st", "a b", "a\"b", "é", &"a".repeat(61)] {
            assert!(FieldName::parse(name).is_err(), "{name}");
        }
        for name in ["department", "_x", "roles", "a1"] {
            assert_eq!(FieldName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_field_cannot_take_the_place_of_a_column_in_use() {
        let (on, off) = (
            ColumnFeatures {
                admin: true,
                username: true,
            },
            ColumnFeatures {
                admin: false,
                username: false,
            },
        );
        for name in ["email", "emailVerified", "emailverified", "PASSWORD"] {
            let taken = spec(name, FieldKind::Text).check_name(FieldTable::User, off);
            assert!(matches!(taken, Err(NameTaken::Column(_))), "{name}");
        }
        assert!(
            spec("email", FieldKind::Text)
                .check_name(FieldTable::Session, on)
                .is_ok()
        );
        let role = spec("role", FieldKind::Text);
        assert!(matches!(
            role.check_name(FieldTable::User, on),
            Err(NameTaken::Feature(_))
        ));
        assert!(role.check_name(FieldTable::User, off).is_ok());
        assert!(role.check_name(FieldTable::Session, on).is_ok());
        for unfit in [spec("ROLE", FieldKind::Text), spec("role", FieldKind::Number)] {
            assert!(matches!(
                unfit.check_name(FieldTable::User, off),
                Err(NameTaken::Unfit(_))
            ));
        }
    }
}
