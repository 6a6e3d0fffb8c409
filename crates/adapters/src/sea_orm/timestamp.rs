use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbBackend, QueryResult, TryGetError, TryGetable, Value};

/// A moment as the database keeps it: `timestamptz` on PostgreSQL; on SQLite text, written `2026-01-02T03:04:05.678Z` as
/// Better Auth writes it, so that it reads and compares ours like its own.
///
/// Text that others wrote with `+00:00` in place of `Z` is read as well. Compared as text the two forms order alike to the
/// millisecond; only the same millisecond in both forms is not equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    moment: DateTime<Utc>,
    as_text: bool,
}

impl Timestamp {
    pub(super) fn new(moment: DateTime<Utc>, backend: DbBackend) -> Self {
        Self {
            moment,
            as_text: backend == DbBackend::Sqlite,
        }
    }

    pub(super) const fn moment(self) -> DateTime<Utc> {
        self.moment
    }
}

impl From<Timestamp> for Value {
    fn from(timestamp: Timestamp) -> Self {
        if timestamp.as_text {
            timestamp
                .moment
                .to_rfc3339_opts(SecondsFormat::Millis, true)
                .into()
        } else {
            timestamp.moment.into()
        }
    }
}

impl TryGetable for Timestamp {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        DateTime::<Utc>::try_get_by(row, index).map(|moment| Self {
            moment,
            as_text: false,
        })
    }
}

impl ValueType for Timestamp {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <DateTime<Utc> as ValueType>::try_from(value).map(|moment| Self {
            moment,
            as_text: false,
        })
    }

    fn type_name() -> String {
        "Timestamp".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::ChronoDateTimeUtc
    }

    fn column_type() -> ColumnType {
        ColumnType::TimestampWithTimeZone
    }
}

impl Nullable for Timestamp {
    fn null() -> Value {
        Value::ChronoDateTimeUtc(None)
    }
}
