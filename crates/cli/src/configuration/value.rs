//! What an option's value can be: how it is read, and how it is shown.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use chrono::TimeDelta;
use config::{Value, ValueKind};
use doorward_application::settings::{DeletionMode, Preset, WhenEnrolled};
use doorward_domain::password::{HashScheme, LengthUnit};
use doorward_domain::redirect::without_credentials;
use doorward_domain::session::TokenStorage;
use doorward_domain::{Secret, redacted_key};
use doorward_web::configuration::RateLimitStorage;
use doorward_web::cookie_cache::Strategy;
use url::Url;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The type of an option.
pub(crate) trait OptionValue: Sized {
    /// What is expected, to complete "must be …".
    fn expected() -> String;

    /// The value as file, environment or flag has it.
    fn read(value: Value) -> Option<Self>;

    /// The value as it would stand in the file, without what must not be seen.
    fn show(&self) -> String;

    /// Whether it may be named by a file, `…_FILE`, and is never shown.
    const SECRET: bool = false;
}

impl OptionValue for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        match value.kind {
            ValueKind::Boolean(flag) => Some(flag),
            ValueKind::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

fn whole_number(value: Value) -> Option<u64> {
    match value.kind {
        ValueKind::String(text) => text.parse().ok(),
        ValueKind::Boolean(_) | ValueKind::Float(_) => None,
        _ => value.into_uint().ok(),
    }
}

macro_rules! whole_numbers {
    ($($number:ty),+) => { $(
        impl OptionValue for $number {
            fn expected() -> String {
                "a whole number".to_owned()
            }

            fn read(value: Value) -> Option<Self> {
                whole_number(value)?.try_into().ok()
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+ };
}

whole_numbers!(u32, u64, usize);

impl OptionValue for NonZeroUsize {
    fn expected() -> String {
        "a whole number of at least 1".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        Self::new(usize::read(value)?)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A duration in seconds, fractions allowed, for at most a hundred years.
impl OptionValue for TimeDelta {
    fn expected() -> String {
        "a number of seconds, such as 3600 or 0.5".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        Self::from_std(Duration::read(value)?).ok()
    }

    fn show(&self) -> String {
        self.to_std().unwrap_or_default().show()
    }
}

impl OptionValue for Duration {
    fn expected() -> String {
        TimeDelta::expected()
    }

    fn read(value: Value) -> Option<Self> {
        const CENTURY: Duration = Duration::from_hours(24 * 36_525);
        let seconds: f64 = match value.kind {
            ValueKind::String(text) => text.parse().ok()?,
            ValueKind::Boolean(_) => return None,
            _ => value.into_float().ok()?,
        };
        Self::try_from_secs_f64(seconds)
            .ok()
            .filter(|duration| *duration <= CENTURY)
    }

    fn show(&self) -> String {
        self.as_secs_f64().to_string()
    }
}

impl OptionValue for String {
    fn expected() -> String {
        "text".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        match value.kind {
            ValueKind::String(text) => Some(text),
            // From the environment everything is text, so nothing else can be meant in a file.
            _ => None,
        }
    }

    fn show(&self) -> String {
        format!("{:?}", without_credentials(self))
    }
}

/// A list in the file; separated by commas in the environment.
impl OptionValue for Vec<String> {
    fn expected() -> String {
        "a list of texts (in the environment: separated by commas)".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        match value.kind {
            ValueKind::Array(values) => values.into_iter().map(String::read).collect(),
            ValueKind::String(text) => Some(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect(),
            ),
            _ => None,
        }
    }

    fn show(&self) -> String {
        let texts: Vec<_> = self.iter().map(|text| without_credentials(text)).collect();
        format!("{texts:?}")
    }
}

/// Secrets in a list.
impl OptionValue for Vec<Secret<String>> {
    fn expected() -> String {
        <Vec<String>>::expected()
    }

    fn read(value: Value) -> Option<Self> {
        Some(<Vec<String>>::read(value)?.into_iter().map(Secret::new).collect())
    }

    fn show(&self) -> String {
        format!("{:?}", vec!["[redacted]"; self.len()])
    }

    const SECRET: bool = true;
}

/// Secrets with ids, of which the ids may be seen. Whether they can be used together is not decided here.
#[derive(Clone, Debug)]
pub(crate) struct SecretList(pub(crate) Vec<Secret<String>>);

impl OptionValue for SecretList {
    fn expected() -> String {
        "a list of ID:SECRET, the current one first (in the environment: separated by commas)".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        let entries = match value.kind {
            ValueKind::String(text) => text.split([',', '\n']).map(str::to_owned).collect(),
            ValueKind::Array(values) => values.into_iter().map(String::read).collect::<Option<Vec<_>>>()?,
            _ => return None,
        };
        Some(Self(entries.into_iter().map(Secret::new).collect()))
    }

    fn show(&self) -> String {
        let entries: Vec<_> = self.0.iter().map(redacted_key).collect();
        format!("{entries:?}")
    }

    const SECRET: bool = true;
}

/// An option without a default; empty text leaves it unset, unless it is a secret: one that got lost must be noticed.
impl<T: OptionValue> OptionValue for Option<T> {
    fn expected() -> String {
        T::expected()
    }

    fn read(value: Value) -> Option<Self> {
        match &value.kind {
            ValueKind::String(text) if text.is_empty() && !T::SECRET => Some(None),
            _ => T::read(value).map(Some),
        }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "unset".to_owned(), T::show)
    }

    const SECRET: bool = T::SECRET;
}

/// A secret, of which nothing may be seen.
impl OptionValue for Secret<String> {
    fn expected() -> String {
        "text".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        String::read(value).map(Self::new)
    }

    fn show(&self) -> String {
        "[redacted]".to_owned()
    }

    const SECRET: bool = true;
}

/// A URL with credentials in it, of which the other parts may be seen.
#[derive(Clone, Debug)]
pub(crate) struct SecretUrl(pub(crate) Secret<String>);

impl OptionValue for SecretUrl {
    fn expected() -> String {
        "text".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        Secret::read(value).map(Self)
    }

    fn show(&self) -> String {
        let Ok(mut url) = Url::parse(self.0.expose()) else {
            return "[redacted]".to_owned();
        };
        let is_file = url.scheme() == "sqlite";
        if !is_file && !url.has_host() || hide_credentials(&mut url).is_err() {
            return "[redacted]".to_owned();
        }
        if !is_file {
            url.set_query(None);
            url.set_fragment(None);
        }
        url.as_str().show()
    }

    const SECRET: bool = true;
}

/// Takes out what lets somebody in. The user of a database is a name; that of a relay is often a key.
fn hide_credentials(url: &mut Url) -> Result<(), ()> {
    let is_named = matches!(url.scheme(), "postgres" | "postgresql");
    if url.password().is_some() {
        url.set_password(Some("redacted"))?;
    }
    if !url.username().is_empty() && !is_named {
        url.set_username("redacted")?;
    }
    Ok(())
}

trait Show {
    fn show(&self) -> String;
}

impl Show for str {
    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl OptionValue for SocketAddr {
    fn expected() -> String {
        "an address and a port, such as 127.0.0.1:3000".to_owned()
    }

    fn read(value: Value) -> Option<Self> {
        String::read(value)?.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string().as_str().show()
    }
}

/// A value that is one of a few words.
pub(crate) trait Word: Copy + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];

    fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("", |(word, _)| word)
    }
}

macro_rules! words {
    ($name:ty { $($word:literal = $value:expr),+ $(,)? }) => {
        impl Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $value)),+];
        }

        impl OptionValue for $name {
            fn expected() -> String {
                let words: Vec<_> = Self::WORDS.iter().map(|(word, _)| format!("{word:?}")).collect();
                format!("one of {}", words.join(", "))
            }

            fn read(value: Value) -> Option<Self> {
                let text = String::read(value)?;
                Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
            }

            fn show(&self) -> String {
                self.word().show()
            }
        }
    };
}

words!(Preset { "hardened" = Self::Hardened, "better-auth" = Self::BetterAuth });
words!(TokenStorage { "digest" = Self::Digest, "clear" = Self::Plaintext });
words!(WhenEnrolled { "refuse" = Self::Refuse, "ignore" = Self::Ignore });
words!(DeletionMode { "soft" = Self::Soft, "hard" = Self::Hard });
words!(LengthUnit { "code-points" = Self::CodePoints, "utf-16" = Self::Utf16Units });
words!(Strategy { "compact" = Self::Compact, "jwt" = Self::Jwt, "jwe" = Self::Jwe });
words!(HashScheme { "argon2id" = Self::Argon2id, "scrypt" = Self::BetterAuthScrypt });
words!(RateLimitStorage { "memory" = Self::Memory, "database" = Self::Database });
words!(LogFormat { "text" = Self::Text, "json" = Self::Json });
