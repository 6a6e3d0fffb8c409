use std::fmt;

use doorward_application::settings::InvalidSetting;

/// Why the configuration cannot be used: where, what, and what to do about it. Never shows a secret (SK-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The option or file at fault.
    pub(crate) key: String,
    /// Where its value came from, if it was set.
    pub(crate) origin: Option<String>,
    /// What is wrong.
    pub(crate) what: String,
    /// What to do.
    pub(crate) fix: String,
}

impl ConfigError {
    pub(crate) fn new(key: impl Into<String>, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            origin: None,
            what: problem.into(),
            fix: fix.into(),
        }
    }

    /// What the crate that uses a setting says of it.
    pub(crate) fn of(setting: InvalidSetting) -> Self {
        Self::new(setting.option, setting.problem, setting.remedy)
    }

    pub(crate) fn with_origin(self, origin: Option<String>) -> Self {
        Self { origin, ..self }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if let Some(origin) = &self.origin {
            write!(f, " (from {origin})")?;
        }
        write!(f, ": {}\n  fix: {}", self.what, self.fix)
    }
}

impl std::error::Error for ConfigError {}
