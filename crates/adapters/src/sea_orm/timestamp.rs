use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::{PgTypeInfo, PgValueFormat, PgValueRef, Postgres};
use sea_orm::sqlx::{self, Row as _};
use sea_orm::{ColIdx, DbBackend, DbErr, QueryResult, RuntimeErr, TryGetError, TryGetable, Value};

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
        let moment = match row.try_as_pg_row() {
            Some(row) => {
                let clamped = row
                    .try_get::<Option<Clamped>, _>(index.as_sqlx_postgres_index())
                    .map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?;
                clamped.ok_or_else(|| TryGetError::Null(format!("{index:?}")))?.0
            }
            None => DateTime::<Utc>::try_get_by(row, index)?,
        };
        Ok(Self {
            moment,
            as_text: false,
        })
    }
}

/// A `timestamptz` between the years 1 and 9999. PostgreSQL knows `infinity` and years up to 294276, at which the driver's own
/// decoding panics; and JSON and SQL have no common form of years before the first or of more than four digits.
struct Clamped(DateTime<Utc>);

impl Clamped {
    /// Microseconds from 1970, the epoch here, to 2000, that of PostgreSQL.
    const POSTGRES_EPOCH: i64 = 946_684_800_000_000;
    /// `0001-01-01T00:00:00Z`.
    const FIRST: i64 = -62_135_596_800_000_000;
    /// `9999-12-31T23:59:59.999999Z`.
    const LAST: i64 = 253_402_300_799_999_999;

    /// The moment that many microseconds after the year 2000.
    fn new(micros: i64) -> Self {
        let micros = micros
            .saturating_add(Self::POSTGRES_EPOCH)
            .clamp(Self::FIRST, Self::LAST);
        Self(DateTime::from_timestamp_micros(micros).unwrap_or_default())
    }
}

impl sqlx::Type<Postgres> for Clamped {
    fn type_info() -> PgTypeInfo {
        <DateTime<Utc> as sqlx::Type<Postgres>>::type_info()
    }
}

impl sqlx::Decode<'_, Postgres> for Clamped {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => <i64 as sqlx::Decode<'_, Postgres>>::decode(value).map(Self::new),
            PgValueFormat::Text => <DateTime<Utc> as sqlx::Decode<'_, Postgres>>::decode(value).map(Self),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_all_calendars_is_clamped() {
        for (micros, expected) in [
            (i64::MAX, "9999-12-31T23:59:59.999999Z"),
            (i64::MIN, "0001-01-01T00:00:00.000000Z"),
            (0, "2000-01-01T00:00:00.000000Z"),
            (-1, "1999-12-31T23:59:59.999999Z"),
        ] {
            let text = Clamped::new(micros)
                .0
                .to_rfc3339_opts(SecondsFormat::Micros, true);
            assert_eq!(text, expected);
        }
    }
}
