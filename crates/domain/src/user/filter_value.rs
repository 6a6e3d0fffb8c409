use chrono::{DateTime, Utc};

/// What a column is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FilterValue {
    /// Text, compared byte by byte.
    Text(String),
    /// True or false.
    Bool(bool),
    /// A moment.
    DateTime(DateTime<Utc>),
}
