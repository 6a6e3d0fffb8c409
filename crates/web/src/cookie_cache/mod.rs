//! The `session_data` cookie: session and user as they were a moment ago, so that reading them needs no
//! database.
//!
//! Pure computation. Whether the cookie counts at all is for the caller to say: only beside a valid session
//! cookie of the same token, and never for what changes something (SE-10).

mod chunks;
mod compact;
mod javascript;
mod jwe;
mod jwt;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::{Entropy, Keyring};
use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use chunks::{join, split};

/// In which form the cache is written. Each reads only its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// JSON with a signature, in base64url. The shortest.
    #[default]
    Compact,
    /// A signed JWT, for readers that know nothing but JWT.
    Jwt,
    /// An encrypted JWT: the browser cannot read it.
    Jwe,
}

/// Writes and reads the cache with the server's secrets.
pub(crate) struct CookieCacheCodec {
    form: Form,
    version: String,
}

enum Form {
    Compact(compact::Compact),
    Jwt(jwt::Jwt),
    Jwe(jwe::Jwe),
}

/// What the cache says, all of it verified: signature or encryption, both expiries, and version.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CachedSession {
    /// The session as get-session shows it.
    pub(crate) session: Value,
    /// The user as get-session shows it.
    pub(crate) user: Value,
    /// When it was read from the database, in milliseconds since 1970.
    pub(crate) updated_at_ms: i64,
    /// When the cookie stops to count, in milliseconds since 1970.
    pub(crate) expires_at_ms: i64,
}

/// Claims out of a cookie that is authentic, and when the cookie stops to count.
struct Opened {
    claims: Map<String, Value>,
    expires_at_ms: i64,
}

impl CookieCacheCodec {
    /// A codec for one form. Caches of another version are not believed; Better Auth calls its own "1".
    pub(crate) fn new(strategy: Strategy, keys: &Keyring, version: impl Into<String>) -> Self {
        let form = match strategy {
            Strategy::Compact => Form::Compact(compact::Compact::new(keys)),
            Strategy::Jwt => Form::Jwt(jwt::Jwt::new(keys)),
            Strategy::Jwe => Form::Jwe(jwe::Jwe::new(keys)),
        };
        let version = version.into();
        Self { form, version }
    }

    /// The value of the cookie. Both arguments are what get-session answers, keys in the same order.
    pub(crate) fn seal(
        &self,
        session: &Value,
        user: &Value,
        now: DateTime<Utc>,
        max_age: TimeDelta,
        entropy: &dyn Entropy,
    ) -> String {
        let mut claims = Map::new();
        claims.insert("session".to_owned(), session.clone());
        claims.insert("user".to_owned(), user.clone());
        claims.insert("updatedAt".to_owned(), now.timestamp_millis().into());
        claims.insert("version".to_owned(), self.version.clone().into());
        match &self.form {
            Form::Compact(form) => {
                let expires_at_ms = now.timestamp_millis().saturating_add(max_age.num_milliseconds());
                form.seal(claims, expires_at_ms)
            }
            Form::Jwt(form) => form.seal(&with_lifetime(claims, now, max_age)),
            Form::Jwe(form) => form.seal(with_lifetime(claims, now, max_age), entropy),
        }
    }

    /// What the cookie says, if it was sealed with one of these secrets and this version and neither it nor its session has
    /// expired.
    pub(crate) fn open(&self, cookie: &str, now: DateTime<Utc>) -> Option<CachedSession> {
        let Opened {
            mut claims,
            expires_at_ms,
        } = match &self.form {
            Form::Compact(form) => form.open(cookie),
            Form::Jwt(form) => form.open(cookie),
            Form::Jwe(form) => form.open(cookie),
        }?;
        if expires_at_ms <= now.timestamp_millis() || version_of(&claims)? != self.version {
            return None;
        }
        let cached = CachedSession {
            session: claims.remove("session").filter(Value::is_object)?,
            user: claims.remove("user").filter(Value::is_object)?,
            updated_at_ms: claims.get("updatedAt")?.as_i64()?,
            expires_at_ms,
        };
        (cached.session_expires_at()? > now).then_some(cached)
    }
}

impl CachedSession {
    fn session_expires_at(&self) -> Option<DateTime<Utc>> {
        self.session.get("expiresAt")?.as_str()?.parse().ok()
    }
}

/// A cache without a version is of the first.
fn version_of(claims: &Map<String, Value>) -> Option<&str> {
    const FIRST: &str = "1";
    match claims.get("version") {
        None => Some(FIRST),
        Some(version) => {
            Some(version.as_str()?).map(|version| if version.is_empty() { FIRST } else { version })
        }
    }
}

fn with_lifetime(
    mut claims: Map<String, Value>,
    now: DateTime<Utc>,
    max_age: TimeDelta,
) -> Map<String, Value> {
    claims.insert("iat".to_owned(), now.timestamp().into());
    let exp = now.timestamp().saturating_add(max_age.num_seconds());
    claims.insert("exp".to_owned(), exp.into());
    claims
}

/// The claims of a JWT, signed or encrypted. No clock tolerance: the one clock that matters is our own, and
/// the lifetime bounds for how long a revoked session lives on (SE-5).
fn opened_jwt(claims: Map<String, Value>) -> Option<Opened> {
    let expires_at_ms = claims.get("exp")?.as_i64()?.checked_mul(1000)?;
    Some(Opened {
        claims,
        expires_at_ms,
    })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
