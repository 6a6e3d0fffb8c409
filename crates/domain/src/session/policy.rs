use chrono::{DateTime, TimeDelta, Utc};

use super::{Authentication, Lifetime, Session, TokenStorage};

/// How long sessions last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Idle timeout of a remembered session.
    pub expires_in: TimeDelta,
    /// A session is extended once this much time of its lifetime has passed.
    pub update_age: TimeDelta,
    /// A session is fresh until this long after the authentication; zero makes every session fresh.
    pub fresh_age: TimeDelta,
    /// Absolute timeout: the age at which a session ends although it is used (SE-8); none in Better Auth.
    pub absolute_lifetime: Option<TimeDelta>,
    /// Whether sessions are never extended.
    pub never_refresh: bool,
    /// The most sessions of a user; the oldest are deleted (SE-11). None in Better Auth.
    pub max_per_user: Option<u64>,
}

impl SessionPolicy {
    const BROWSER_SESSION: TimeDelta = TimeDelta::days(1);

    /// The expiry of a session issued now.
    #[must_use]
    pub fn first_expiry(&self, lifetime: Lifetime, now: DateTime<Utc>) -> DateTime<Utc> {
        let duration = match lifetime {
            Lifetime::Remembered => self.expires_in,
            Lifetime::BrowserSession => Self::BROWSER_SESSION,
        };
        now + self.absolute_lifetime.map_or(duration, |most| duration.min(most))
    }

    /// The expiry of a session that continues an earlier authentication: as of one issued now, but never later than the absolute
    /// timeout, counted from that authentication (SE-8).
    #[must_use]
    pub fn expiry_after(
        &self,
        authentication: &Authentication,
        lifetime: Lifetime,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let expiry = self.first_expiry(lifetime, now);
        self.absolute_lifetime
            .map_or(expiry, |most| expiry.min(authentication.at + most))
    }

    /// The new expiry of the session, if it is due to be extended. An impersonation is never extended (AC-6), nor a session
    /// that ends with the browser (SE-8).
    #[must_use]
    pub fn extension(&self, session: &Session, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let due = session.expires_at - self.expires_in + self.update_age <= now;
        let wanted = now + self.expires_in;
        let extended = self.last_moment(session).map_or(wanted, |last| last.min(wanted));
        let lasting = session.impersonated_by.is_none() && session.lifetime != Some(Lifetime::BrowserSession);
        let may = !self.never_refresh && lasting;
        (due && may && extended > session.expires_at).then_some(extended)
    }

    /// Whether the session has neither expired nor reached the absolute timeout. For a session that Better Auth issued, the
    /// absolute timeout counts from its import.
    #[must_use]
    pub fn is_live(&self, session: &Session, now: DateTime<Utc>) -> bool {
        let imported = session.imported_at.is_none() && session.token.storage() == TokenStorage::Plaintext;
        session.is_live(now) && (imported || self.last_moment(session).is_none_or(|last| last > now))
    }

    /// Whether the session is fresh: its user authenticated less than `fresh_age` ago. Extending a session does not renew it.
    #[must_use]
    pub fn is_fresh(&self, session: &Session, now: DateTime<Utc>) -> bool {
        self.fresh_age.is_zero() || now - session.authentication.at < self.fresh_age
    }

    /// When the absolute timeout ends the session.
    fn last_moment(&self, session: &Session) -> Option<DateTime<Utc>> {
        self.absolute_lifetime
            .map(|most| session.imported_at.unwrap_or(session.authentication.at) + most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::StoredToken;
    use crate::{SessionId, UserId};

    fn policy() -> SessionPolicy {
        SessionPolicy {
            expires_in: TimeDelta::days(7),
            update_age: TimeDelta::days(1),
            fresh_age: TimeDelta::days(1),
            absolute_lifetime: Some(TimeDelta::days(30)),
            never_refresh: false,
            max_per_user: None,
        }
    }

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn session(expires_at: DateTime<Utc>) -> Session {
        Session {
            id: SessionId::from_stored("s"),
            user_id: UserId::from_stored("u"),
            token: StoredToken::from_stored("sha256:t"),
            expires_at,
            created_at: start(),
            updated_at: start(),
            ip_address: None,
            user_agent: None,
            extra: std::collections::BTreeMap::new(),
            impersonated_by: None,
            authentication: Authentication::unknown(start()),
            lifetime: None,
            imported_at: None,
        }
    }

    #[test]
    fn the_first_expiry_depends_on_being_remembered() {
        assert_eq!(
            policy().first_expiry(Lifetime::Remembered, start()),
            start() + TimeDelta::days(7)
        );
        assert_eq!(
            policy().first_expiry(Lifetime::BrowserSession, start()),
            start() + TimeDelta::days(1)
        );
    }

    #[test]
    fn a_session_is_extended_once_update_age_has_passed() {
        let session = session(start() + TimeDelta::days(7));
        let day = start() + TimeDelta::days(1);
        assert_eq!(
            policy().extension(&session, day - TimeDelta::milliseconds(1)),
            None
        );
        assert_eq!(policy().extension(&session, day), Some(day + TimeDelta::days(7)));
        let never = SessionPolicy {
            never_refresh: true,
            ..policy()
        };
        assert_eq!(never.extension(&session, day), None);
    }

    #[test]
    fn se_8_no_session_outlives_the_absolute_maximum() {
        let day_29 = start() + TimeDelta::days(29);
        let busy = session(day_29 + TimeDelta::minutes(1));
        assert_eq!(
            policy().extension(&busy, day_29),
            Some(start() + TimeDelta::days(30))
        );
        let imported = session(start() + TimeDelta::days(400));
        assert!(policy().is_live(&imported, day_29));
        assert!(!policy().is_live(&imported, start() + TimeDelta::days(30)));
        assert_eq!(policy().extension(&imported, day_29), None);
    }

    #[test]
    fn a_session_left_by_better_auth_ages_from_the_moment_it_is_taken_over() {
        let (day_400, day_430) = (start() + TimeDelta::days(400), start() + TimeDelta::days(430));
        let left = Session {
            token: StoredToken::from_stored("clear"),
            ..session(day_430 + TimeDelta::days(7))
        };
        assert!(policy().is_live(&left, day_400));
        let adopted = Session {
            imported_at: Some(day_400),
            ..left
        };
        assert!(policy().is_live(&adopted, day_430 - TimeDelta::milliseconds(1)));
        assert!(!policy().is_live(&adopted, day_430));
        assert!(!policy().is_fresh(&adopted, day_400));
    }

    #[test]
    fn freshness_counts_from_signing_in() {
        let session = session(start() + TimeDelta::days(7));
        let almost = start() + TimeDelta::days(1) - TimeDelta::milliseconds(1);
        assert!(policy().is_fresh(&session, almost));
        assert!(!policy().is_fresh(&session, start() + TimeDelta::days(1)));
        let always = SessionPolicy {
            fresh_age: TimeDelta::zero(),
            ..policy()
        };
        assert!(always.is_fresh(&session, start() + TimeDelta::days(6)));
    }
}
