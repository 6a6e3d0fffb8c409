use std::fmt;

use chrono::{DateTime, Utc};

/// An authentication method.
///
/// The names are those of RFC 8176 where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// By password, also one chosen at sign-up.
    Password,
    /// By a link that was emailed to the user's address.
    EmailLink,
    /// A method that this version does not know, under its stored name.
    Other(String),
}

impl AuthMethod {
    /// The name under which it is stored, `pwd` for a password (RFC 8176, section 2).
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Password => "pwd",
            Self::EmailLink => "email",
            Self::Other(name) => name,
        }
    }

    /// The method of a stored name.
    #[must_use]
    pub fn from_stored(name: &str) -> Self {
        match name {
            "pwd" => Self::Password,
            "email" => Self::EmailLink,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How and when a user authenticated.
///
/// It is stored with the session (`amr`, `authenticatedAt`), copied when a session is rotated, and renewed only by another
/// authentication. Freshness and the absolute timeout of a session count from [`at`](Self::at).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The methods; none where the session is older than this column, or is Better Auth's.
    pub methods: Vec<AuthMethod>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Authentication {
    /// By this method, now.
    #[must_use]
    pub fn by(method: AuthMethod, at: DateTime<Utc>) -> Self {
        Self {
            methods: vec![method],
            at,
        }
    }

    /// At this time, by an unknown method.
    #[must_use]
    pub const fn unknown(at: DateTime<Utc>) -> Self {
        Self {
            methods: Vec::new(),
            at,
        }
    }

    /// The column `amr`: names joined by commas; none for no method.
    #[must_use]
    pub fn stored_methods(&self) -> Option<String> {
        let names: Vec<_> = self.methods.iter().map(AuthMethod::name).collect();
        (!names.is_empty()).then(|| names.join(","))
    }

    /// Methods out of the column `amr`.
    #[must_use]
    pub fn methods_from_stored(amr: Option<&str>) -> Vec<AuthMethod> {
        let names = amr.unwrap_or_default().split(',').filter(|name| !name.is_empty());
        names.map(AuthMethod::from_stored).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_read_back_even_unknown_ones() {
        for amr in [None, Some("pwd"), Some("email"), Some("pwd,otp,hwk")] {
            let authentication = Authentication {
                methods: Authentication::methods_from_stored(amr),
                at: DateTime::UNIX_EPOCH,
            };
            assert_eq!(authentication.stored_methods().as_deref(), amr);
        }
    }
}
