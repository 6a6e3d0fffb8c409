//! Where on a PostgreSQL server the tables are, and how long a statement there may take.

use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _, Executor as _};

use super::ConnectError;
use super::pulse::Pulse;

const STATEMENT_TIMEOUT: &str = "statement_timeout";
/// After how long a statement cannot be under way any more: it waited for a connection, took its time, and was answered.
const STATEMENT_LIMIT: Duration = Duration::from_secs(8);
/// How long a statement waits for a lock, how long it may take, and how long a transaction may stand still.
const LIMITS: [(&str, &str); 3] = [
    ("lock_timeout", "2s"),
    (STATEMENT_TIMEOUT, "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// A database of PostgreSQL and the schemas in which tables are looked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The URL without what the driver does not know.
    pub(super) url: String,
    schemas: Vec<String>,
    /// Which limits the URL does not set itself.
    limits: Vec<(&'static str, &'static str)>,
}

impl Place {
    /// Reads the parameter `schema`, as Prisma writes it, or `search_path`.
    pub(super) fn of(url: &str) -> Result<Self, ConnectError> {
        let limits = LIMITS
            .into_iter()
            .filter(|(name, _)| !url.contains(name))
            .collect();
        let mut place = Self {
            url: url.to_owned(),
            schemas: Vec::new(),
            limits,
        };
        // What is no URL is for the driver to refuse.
        let Ok(mut parsed) = url::Url::parse(url) else {
            return Ok(place);
        };
        let pairs: Vec<(String, String)> = parsed.query_pairs().into_owned().collect();
        let is_ours = |name: &str| matches!(name, "schema" | "search_path");
        let (ours, rest): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| is_ours(name));
        if ours.is_empty() {
            return Ok(place);
        }
        for name in ours.iter().flat_map(|(_, list)| list.split(',')) {
            place.schemas.push(schema(name.trim())?);
        }
        parsed.set_query(None);
        if !rest.is_empty() {
            parsed.query_pairs_mut().extend_pairs(rest);
        }
        place.url = parsed.into();
        Ok(place)
    }

    /// What every connection begins with; `limited` if it serves requests.
    pub(super) fn script(&self, limited: bool) -> String {
        // Notices of PostgreSQL are about its own operation, such as a table that exists already.
        let mut settings = vec!["SET client_min_messages = warning".to_owned()];
        if !self.schemas.is_empty() {
            let quoted: Vec<_> = self.schemas.iter().map(|name| format!("\"{name}\"")).collect();
            settings.push(format!("SET search_path = {}", quoted.join(", ")));
        }
        let limits = self.limits.iter().filter(|_| limited);
        settings.extend(limits.map(|(name, value)| format!("SET {name} = '{value}'")));
        settings.join("; ")
    }

    /// What watches over the statements there.
    pub(super) fn pulse(&self) -> Result<Pulse, ConnectError> {
        let refused = |error: sqlx::Error| ConnectError::Refused(error.into());
        let options = self.url.parse::<PgConnectOptions>().map_err(refused)?;
        let limit = self.limits.iter().any(|(name, _)| *name == STATEMENT_TIMEOUT);
        Ok(Pulse::new(
            options.disable_statement_logging(),
            limit.then_some(STATEMENT_LIMIT),
        ))
    }

    /// Connects once and disconnects: a pool would only tell that it timed out, and not why.
    pub(super) async fn probe(&self, timeout: Duration) -> Result<(), ConnectError> {
        let missing = tokio::time::timeout(timeout, self.missing_schema())
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut));
        match missing.map_err(|error| ConnectError::Refused(error.into()))? {
            Some(name) => Err(ConnectError::NoSchema(name)),
            None => Ok(()),
        }
    }

    async fn missing_schema(&self) -> Result<Option<String>, sqlx::Error> {
        let options: PgConnectOptions = self.url.parse()?;
        let mut connection = options.disable_statement_logging().connect().await?;
        let mut missing = None;
        for name in &self.schemas {
            let query = sqlx::query("SELECT 1 FROM pg_namespace WHERE nspname = $1").bind(name);
            if connection.fetch_optional(query).await?.is_none() {
                missing = missing.or_else(|| Some(name.clone()));
            }
        }
        connection.close().await?;
        Ok(missing)
    }
}

/// A name that is safe in quotes.
fn schema(name: &str) -> Result<String, ConnectError> {
    let name = name.trim_matches('"');
    let is_email = |c: char| c.is_ascii_alphabetic() || c == '_';
    let fits = name.starts_with(is_email) && name.chars().all(|c| is_email(c) || c.is_ascii_digit());
    if fits {
        Ok(name.to_owned())
    } else {
        Err(ConnectError::InvalidSchema(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_of_the_url_are_taken_and_the_rest_is_left() {
        let place =
            Place::of("postgres://u:p%40@h/db?sslmode=disable&schema=auth&application_name=a").unwrap();
        assert_eq!(
            place.url,
            "postgres://u:p%40@h/db?sslmode=disable&application_name=a"
        );
        assert!(place.script(false).ends_with(r#"SET search_path = "auth""#));
        let place = Place::of("postgres://h/db?search_path=auth,%20public").unwrap();
        assert_eq!(place.url, "postgres://h/db");
        assert!(
            place
                .script(false)
                .ends_with(r#"SET search_path = "auth", "public""#)
        );
        let url = "postgres:///db?host=/run/postgresql";
        let place = Place::of(url).unwrap();
        assert_eq!((&*place.url, place.schemas.len()), (url, 0));
        for name in ["a\"b", "", "1a", "a;b", "a b", "$user", "ä"] {
            let mut url = url::Url::parse("postgres://h/db").unwrap();
            url.query_pairs_mut().append_pair("schema", name);
            let refused = Place::of(url.as_str());
            assert!(matches!(refused, Err(ConnectError::InvalidSchema(_))), "{name}");
        }
    }

    #[test]
    fn re_6_limits_hold_for_requests_unless_the_url_says_otherwise() {
        let place = Place::of("postgres://h/db").unwrap();
        assert!(place.script(true).contains("SET statement_timeout = '5s'"));
        assert!(!place.script(false).contains("timeout"));
        let place = Place::of("postgres://h/db?options[statement_timeout]=60000").unwrap();
        assert!(!place.script(true).contains("statement_timeout"));
        assert!(place.script(true).contains("SET lock_timeout = '2s'"));
    }
}
