use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

/// Parses a time: RFC 3339, or a day, which stands for its beginning in UTC. Only of the years 1 to 9999: every
/// database can keep those, and as text they sort by time (IN-1). A leap second is none: JavaScript cannot read it, and counted in
/// milliseconds it is another second.
#[must_use]
pub fn parse_moment(text: &str) -> Option<DateTime<Utc>> {
    let day = || Some(text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?.and_utc());
    let moment = text.parse::<DateTime<Utc>>().ok().or_else(day)?;
    bounded(moment)
}

/// Reads a time in milliseconds since 1970, of the same years.
#[must_use]
pub fn moment_of_millis(millis: i64) -> Option<DateTime<Utc>> {
    bounded(DateTime::from_timestamp_millis(millis)?)
}

fn bounded(moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let is_leap_second = moment.nanosecond() >= 1_000_000_000;
    ((1..=9999).contains(&moment.year()) && !is_leap_second).then_some(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_beginning() {
        assert_eq!(parse_moment("2020-01-02"), parse_moment("2020-01-02T00:00:00Z"));
        assert_eq!(
            parse_moment("2020-01-02T03:04:05.678+01:00"),
            parse_moment("2020-01-02T02:04:05.678Z")
        );
        for text in [
            "",
            "soon",
            "2020-02-30",
            "2020-01-02T",
            "7",
            "2016-12-31T23:59:60Z",
        ] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    #[test]
    fn in_1_years_have_four_digits() {
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"] {
            let moment = parse_moment(text).unwrap();
            assert_eq!(moment_of_millis(moment.timestamp_millis()), Some(moment));
        }
        for text in [
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "-4800-01-01",
            "+10000-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
        assert_eq!(moment_of_millis(i64::MIN), None);
        assert_eq!(moment_of_millis(-213_000_000_000_000), None);
    }
}
