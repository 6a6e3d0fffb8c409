//! What users see of the events about themselves.

use chrono::{DateTime, Utc};

use super::AuditEvent;
use crate::{Actor, UserId};

/// An event as the user sees it to whom it happened (AU-2). Of others it tells nothing but that an administrator acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnEvent {
    /// Names it.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// When.
    pub at: DateTime<Utc>,
    /// `success` or `denied`.
    pub outcome: String,
    /// Whether an administrator or an operator did it, or an administrator who impersonated the user.
    pub by_administrator: bool,
    /// Where the request came from; none if it was an administrator's.
    pub ip_address: Option<String>,
    /// The `User-Agent` of the request; none if it was an administrator's.
    pub user_agent: Option<String>,
}

impl AuditEvent {
    /// What this user, the subject, sees of it. Whoever tried to sign in as the user counts as the user.
    #[must_use]
    pub fn seen_by(self, user: &UserId) -> OwnEvent {
        let is_own = self.actor_id.as_deref() == Some(user.as_str());
        let by_administrator = match &*self.actor_kind {
            Actor::USER => !is_own || self.impersonated_by.is_some(),
            Actor::OPERATOR => true,
            _ => false,
        };
        let shown = |text: Option<String>| text.filter(|_| !by_administrator);
        OwnEvent {
            id: self.id,
            kind: self.kind,
            at: self.at,
            outcome: self.outcome,
            by_administrator,
            ip_address: shown(self.ip_address),
            user_agent: shown(self.user_agent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(actor_kind: &str, actor: Option<&str>, administrator: Option<&str>) -> AuditEvent {
        AuditEvent {
            id: "1".to_owned(),
            kind: "user.updated".to_owned(),
            at: DateTime::UNIX_EPOCH,
            actor_kind: actor_kind.to_owned(),
            actor_id: actor.map(str::to_owned),
            session_id: None,
            impersonated_by: administrator.map(UserId::from_stored),
            subject_id: Some(UserId::from_stored("ada")),
            request_id: "r".to_owned(),
            ip_address: Some("192.0.2.9".to_owned()),
            user_agent: Some("browser".to_owned()),
            outcome: "success".to_owned(),
            details: Some("secretive".to_owned()),
            proof: None,
        }
    }

    #[test]
    fn au_2_users_see_their_own_address_and_nobody_else_s() {
        let cases = [
            (event("user", Some("ada"), None), false),
            (event("anonymous", None, None), false),
            (event("user", Some("grace"), None), true),
            (event("user", Some("ada"), Some("grace")), true),
            (event("operator", Some("users ban"), None), true),
        ];
        for (event, by_administrator) in cases {
            let actor = event.actor_kind.clone();
            let seen = event.seen_by(&UserId::from_stored("ada"));
            assert_eq!(seen.by_administrator, by_administrator, "{actor}");
            assert_eq!(seen.ip_address.is_none(), by_administrator, "{actor}");
            assert_eq!(seen.user_agent.is_none(), by_administrator, "{actor}");
        }
    }
}
