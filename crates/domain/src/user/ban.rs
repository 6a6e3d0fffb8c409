use chrono::{DateTime, Utc};

/// A ban: whether, why and until when, as Better Auth's admin plugin stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ban {
    /// Whether the user is banned. Absent in rows from before there were bans.
    pub banned: Option<bool>,
    /// Why the user was banned.
    pub reason: Option<String>,
    /// When the ban ends; without a value it is permanent.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Ban {
    /// The most characters of a reason (IN-3).
    pub const REASON_MAX: usize = 512;

    /// An explicit "not banned", as opposed to an absent value.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            banned: Some(false),
            reason: None,
            expires_at: None,
        }
    }

    /// A ban for this reason, until this time or permanently.
    #[must_use]
    pub const fn of(reason: String, expires_at: Option<DateTime<Utc>>) -> Self {
        Self {
            banned: Some(true),
            reason: Some(reason),
            expires_at,
        }
    }

    /// Whether the ban is in force now.
    #[must_use]
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.banned == Some(true) && self.expires_at.is_none_or(|end| end > now)
    }

    /// Whether a ban has expired. The next sign-in removes it.
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.banned == Some(true) && !self.is_active(now)
    }
}

/// What changes about a ban. `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BanChange {
    /// Whether the user is banned.
    pub banned: Option<bool>,
    /// The reason; `Some(None)` removes it.
    pub reason: Option<Option<String>>,
    /// The end; `Some(None)` makes the ban permanent.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

impl BanChange {
    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            banned,
            reason,
            expires_at,
        } = self;
        banned.is_none() && reason.is_none() && expires_at.is_none()
    }

    /// The ban after the change.
    #[must_use]
    pub fn applied_to(&self, ban: Ban) -> Ban {
        let Self {
            banned,
            reason,
            expires_at,
        } = self.clone();
        Ban {
            banned: banned.or(ban.banned),
            reason: reason.unwrap_or(ban.reason),
            expires_at: expires_at.unwrap_or(ban.expires_at),
        }
    }
}

impl From<Ban> for BanChange {
    /// A change to exactly this ban.
    fn from(ban: Ban) -> Self {
        Self {
            banned: Some(ban.banned == Some(true)),
            reason: Some(ban.reason),
            expires_at: Some(ban.expires_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_ban_counts_until_its_end() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let ban = Ban::of("spam".into(), Some(now));
        assert!(ban.is_active(now - TimeDelta::milliseconds(1)));
        assert!(!ban.is_active(now) && ban.is_expired(now));
        let for_good = Ban::of("spam".into(), None);
        assert!(for_good.is_active(now) && !for_good.is_expired(now));
        for none in [Ban::none(), Ban::default()] {
            assert!(!none.is_active(now) && !none.is_expired(now));
        }
    }
}
