//! Fields that an application adds to users and sessions, as Better Auth's `additionalFields`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

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
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether signing up needs a value for it.
    pub required: bool,
    /// The value it has unless somebody says another.
    pub default: Option<FieldValue>,
    /// Whether users write it themselves.
    pub input: bool,
    /// Whether answers have it.
    pub returned: bool,
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

/// The values that nobody has to say.
#[must_use]
pub fn defaults(specs: &[FieldSpec]) -> FieldValues {
    let with_default = specs
        .iter()
        .filter_map(|spec| Some((spec.name.clone(), spec.default.clone()?)));
    with_default.collect()
}
