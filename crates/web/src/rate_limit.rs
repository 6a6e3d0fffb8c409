//! Rate limits: how often one client may ask for what.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use doorward_domain::rate_limit::RequestLimit;

use crate::configuration::RateLimitSettings;

/// How often one client may ask for a path, or for all that begin like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The path below the base path.
    pub path: &'static str,
    /// Whether longer paths that begin like it count, too.
    pub prefix: bool,
    /// How often.
    pub quota: Quota,
}

/// How often one client may ask for a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// So many times, each of which comes less than the window after the one before.
    Limited {
        /// Most requests.
        max: u32,
        /// How long the window is.
        window: Duration,
    },
    /// As often as other paths (`rate_limit.max` and `rate_limit.window`), but where
    /// `rate_limit.count_known_sessions` is off, requests with a session that exists do not count.
    SessionsFree,
    /// As often as it likes.
    Unlimited,
}

impl RateLimit {
    /// A limit on one path.
    #[must_use]
    pub const fn path(path: &'static str, max: u32, window: Duration) -> Self {
        Self {
            path,
            prefix: false,
            quota: Quota::Limited { max, window },
        }
    }

    /// A limit on all paths that begin like this; each is counted by itself.
    #[must_use]
    pub const fn prefix(path: &'static str, max: u32, window: Duration) -> Self {
        Self {
            prefix: true,
            ..Self::path(path, max, window)
        }
    }

    /// No limit on one path.
    #[must_use]
    pub const fn unlimited(path: &'static str) -> Self {
        Self {
            path,
            prefix: false,
            quota: Quota::Unlimited,
        }
    }

    /// The general limit on one path, of which requests with a session that exists are [free](Quota::SessionsFree).
    #[must_use]
    pub const fn sessions_free(path: &'static str) -> Self {
        Self {
            path,
            prefix: false,
            quota: Quota::SessionsFree,
        }
    }

    /// Whether it is about this path.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        if self.prefix {
            path.starts_with(self.path)
        } else {
            path == self.path
        }
    }
}

/// Paths outside of the base path, which operators ask for again and again.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];
/// What paths that do not exist are counted as, together: their number would be without end (RL-6, RL-8).
const UNKNOWN: &str = "/*";
/// What clients without an address are counted as, together, as in Better Auth.
const NO_ADDRESS: &str = "no-trusted-ip";

/// The limits of a server, by the pattern of the path.
pub(crate) struct Limits {
    rules: HashMap<String, Rule>,
    unknown: Rule,
    base: String,
    /// Whether requests that are refused for their method or origin count together with the others of their path.
    pub(crate) count_refused: bool,
}

/// The limit on a path.
pub(crate) struct Rule {
    /// The pattern of the path below the base path: of paths that differ in a parameter there is one count.
    path: String,
    limit: Option<RequestLimit>,
    /// Whether requests with a session that exists do not count.
    pub(crate) spares_sessions: bool,
}

impl Limits {
    /// The limits on what is served at these patterns, where there are limits at all. Of two that are declared for a path, the
    /// later one holds.
    pub(crate) fn new<'a>(
        settings: &RateLimitSettings,
        base_path: &str,
        patterns: impl Iterator<Item = &'a str>,
        declared: &[RateLimit],
    ) -> Option<Self> {
        if !settings.enabled {
            return None;
        }
        let general = RequestLimit {
            max: settings.max,
            window: settings.window,
        };
        let rule = |pattern: &str| {
            let Some(path) = pattern
                .strip_prefix(base_path)
                .filter(|_| !PROBES.contains(&pattern))
            else {
                return Rule {
                    path: pattern.to_owned(),
                    limit: None,
                    spares_sessions: false,
                };
            };
            let declared = declared.iter().rev().find(|limit| limit.covers(path));
            let (limit, spares_sessions) = match declared.map(|limit| limit.quota) {
                None => (Some(general), false),
                Some(Quota::SessionsFree) => (Some(general), !settings.count_known_sessions),
                Some(Quota::Unlimited) => (None, false),
                Some(Quota::Limited { max, window }) => {
                    let window = TimeDelta::from_std(window).unwrap_or(TimeDelta::MAX);
                    (Some(RequestLimit { max, window }), false)
                }
            };
            Rule {
                path: path.to_owned(),
                limit,
                spares_sessions,
            }
        };
        Some(Self {
            rules: patterns
                .map(|pattern| (pattern.to_owned(), rule(pattern)))
                .collect(),
            unknown: Rule {
                path: UNKNOWN.to_owned(),
                limit: Some(general),
                spares_sessions: false,
            },
            base: format!("{base_path}/"),
            count_refused: settings.count_refused,
        })
    }

    /// The limit on a request to this path, which matches the pattern of what is served there, if anything is.
    pub(crate) fn rule(&self, path: &str, pattern: Option<&str>) -> Option<(&Rule, RequestLimit)> {
        let known = pattern.and_then(|pattern| self.rules.get(pattern));
        let rule = match known {
            Some(rule) => rule,
            None if path.starts_with(&self.base) => &self.unknown,
            None => return None,
        };
        Some((rule, rule.limit?))
    }
}

impl Rule {
    /// What requests from this address are counted under.
    pub(crate) fn key(&self, address: &str) -> String {
        let address = if address.is_empty() { NO_ADDRESS } else { address };
        format!("{address}|{}", self.path)
    }

    /// The same for requests that are refused for their method or origin, where those are counted apart.
    pub(crate) fn key_of_refused(&self, address: &str) -> String {
        format!("{}|refused", self.key(address))
    }
}

#[cfg(test)]
mod tests {
    use doorward_application::settings::Preset;

    use super::*;

    const DECLARED: &[RateLimit] = &[
        RateLimit::prefix("/sign-in", 3, Duration::from_secs(10)),
        RateLimit::path("/sign-in/username", 1, Duration::from_mins(1)),
        RateLimit::sessions_free("/get-session"),
        RateLimit::unlimited("/docs"),
    ];
    const SERVED: [&str; 7] = [
        "/api/auth/sign-in/email",
        "/api/auth/sign-in/username",
        "/api/auth/get-session",
        "/api/auth/docs",
        "/api/auth/reset-password/{token}",
        "/healthz",
        "/readyz",
    ];

    fn limits(change: impl FnOnce(&mut RateLimitSettings)) -> Option<Limits> {
        let mut settings = RateLimitSettings::of(Preset::Hardened);
        change(&mut settings);
        Limits::new(&settings, "/api/auth", SERVED.into_iter(), DECLARED)
    }

    /// Key, most requests and seconds.
    fn limit(limits: &Limits, path: &str, pattern: Option<&str>) -> Option<(String, u32, i64)> {
        let (rule, limit) = limits.rule(path, pattern)?;
        Some((rule.key("192.0.2.1"), limit.max, limit.window.num_seconds()))
    }

    #[test]
    fn rl_1_the_last_declaration_for_a_path_holds_and_the_general_limit_elsewhere() {
        let limits = limits(|_| {}).unwrap();
        for (pattern, expected) in [
            (
                "/api/auth/sign-in/email",
                Some(("192.0.2.1|/sign-in/email", 3, 10)),
            ),
            (
                "/api/auth/sign-in/username",
                Some(("192.0.2.1|/sign-in/username", 1, 60)),
            ),
            ("/api/auth/get-session", Some(("192.0.2.1|/get-session", 100, 10))),
            ("/api/auth/docs", None),
            ("/healthz", None),
            ("/readyz", None),
        ] {
            let found = limit(&limits, pattern, Some(pattern));
            let expected = expected.map(|(key, max, seconds)| (key.to_owned(), max, seconds));
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn rl_6_paths_are_counted_by_the_route_and_unknown_ones_together() {
        let limits = limits(|_| {}).unwrap();
        let pattern = "/api/auth/reset-password/{token}";
        for path in ["/api/auth/reset-password/a", "/api/auth/reset-password/b"] {
            let (key, ..) = limit(&limits, path, Some(pattern)).unwrap();
            assert_eq!(key, "192.0.2.1|/reset-password/{token}");
        }
        for path in [
            "/api/auth/a",
            "/api/auth//sign-in/email",
            "/api/auth/sign-in/email/",
        ] {
            let (key, max, _) = limit(&limits, path, None).unwrap();
            assert_eq!((&*key, max), ("192.0.2.1|/*", 100), "{path}");
        }
        assert_eq!(limit(&limits, "/elsewhere", None), None);
    }

    #[test]
    fn rl_2_clients_without_an_address_share_a_bucket() {
        let limits = limits(|_| {}).unwrap();
        let (rule, _) = limits.rule("/api/auth/x", None).unwrap();
        assert_eq!(rule.key(""), "no-trusted-ip|/*");
    }

    #[test]
    fn rl_1_requests_with_a_session_are_spared_where_that_is_wanted() {
        let pattern = "/api/auth/get-session";
        for counted in [false, true] {
            let limits = limits(|settings| settings.count_known_sessions = counted).unwrap();
            let (rule, _) = limits.rule(pattern, Some(pattern)).unwrap();
            assert_eq!(rule.spares_sessions, !counted);
        }
        assert!(limits(|settings| settings.enabled = false).is_none());
    }
}
