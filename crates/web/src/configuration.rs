//! Everything a server is made from. The binary fills it from file, environment and flags; tests by hand.

mod checks;
mod secret;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use chrono::TimeDelta;
use doorward_application::settings::{HashingSettings, Preset, Settings};
use doorward_domain::redirect::Origin;
use doorward_domain::{Keyring, Secret};

use crate::client_address::ClientAddressSettings;
use crate::cookie_cache::Strategy;

pub(crate) use checks::validate_app;
pub(crate) use secret::short_keys;

/// A complete configuration. [`validate`](Configuration::validate) is called before anything is made of it.
///
/// Its parts know the defaults of each preset. The secrets, the database's address and the relay have none.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What the use-cases depend on.
    pub settings: Settings,
    /// What the wire depends on.
    pub http: HttpSettings,
    /// The secrets: the key of every signature and of all encryption, and those that still verify and open.
    pub secrets: Keyring,
    /// Where data lives: `sqlite://FILE?mode=rwc` or `postgres://…`; may hold a password.
    pub database_url: Secret<String>,
    /// How the database is used.
    pub database: DatabaseSettings,
    /// How passwords are hashed.
    pub hashing: HashingSettings,
    /// Whether new passwords are looked for among those that became known.
    pub breach_check: BreachCheckSettings,
    /// Who may see what the server counts about itself.
    pub metrics: MetricsSettings,
    /// The relay emails go to; without one they are printed to the terminal.
    pub mail: Option<MailSettings>,
}

/// What the wire depends on.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where to listen; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Whether a base URL without https is accepted although it is not this machine's.
    pub allow_insecure: bool,
    /// Further origins that may send requests and be redirected to, as patterns.
    pub trusted_origins: Vec<String>,
    /// What cookie names begin with, without the dot.
    pub cookie_prefix: String,
    /// Whether cookies are `Secure` and named `__Secure-…`; unset means: if the base URL is https.
    pub use_secure_cookies: Option<bool>,
    /// Whether cookies are shared between subdomains.
    pub cross_subdomain_cookies: CrossSubdomainCookies,
    /// The cookie that spares the database.
    pub cookie_cache: CookieCacheSettings,
    /// Whether the session token may come in the `Authorization` header, for clients that keep no cookies.
    pub bearer: BearerSettings,
    /// Whether `GET /get-session` never writes and `POST` to it refreshes.
    pub defer_session_refresh: bool,
    /// How often one client may ask for what.
    pub rate_limit: RateLimitSettings,
    /// Whose word on the client's address is taken.
    pub client_address: ClientAddressSettings,
    /// Endpoints that do not exist, as paths below the base path.
    pub disabled_paths: Vec<String>,
    /// Largest request body in bytes (IN-2).
    pub max_body_bytes: usize,
    /// Worker threads that answer requests; unset means one a core.
    pub workers: Option<NonZeroUsize>,
    /// Most connections of clients at a time (RE-13); unset means as many as the process may open files, 10,240 at most.
    pub max_connections: Option<NonZeroUsize>,
    /// How long requests in flight may take when the server stops (RE-9).
    pub shutdown_timeout: Duration,
}

impl HttpSettings {
    /// The defaults of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)),
            allow_insecure: false,
            trusted_origins: Vec::new(),
            cookie_prefix: "better-auth".to_owned(),
            use_secure_cookies: None,
            cross_subdomain_cookies: CrossSubdomainCookies::default(),
            cookie_cache: CookieCacheSettings::default(),
            bearer: BearerSettings::default(),
            defer_session_refresh: false,
            rate_limit: RateLimitSettings::of(preset),
            client_address: ClientAddressSettings::of(preset),
            disabled_paths: Vec::new(),
            max_body_bytes: 256 * 1024,
            workers: None,
            max_connections: None,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// `[rate_limit]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitSettings {
    /// Whether there are limits at all.
    pub enabled: bool,
    /// The window of paths without a limit of their own.
    pub window: TimeDelta,
    /// Most requests to such a path, each of which comes less than the window after the one before.
    pub max: u32,
    /// Where requests are counted.
    pub storage: RateLimitStorage,
    /// Whether `/get-session` counts requests with a session that exists, as in Better Auth.
    pub count_known_sessions: bool,
    /// Whether requests that are refused for their method or origin count together with the others of their path, as in Better
    /// Auth. Otherwise they are counted apart, so that another site cannot use up what its visitors may ask for.
    pub count_refused: bool,
}

/// Where requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitStorage {
    /// In the process, each server by itself.
    Memory,
    /// In the table `rateLimit`, all servers of a database together.
    Database,
}

impl RateLimitSettings {
    /// The defaults of a preset.
    #[must_use]
    pub const fn of(preset: Preset) -> Self {
        Self {
            enabled: true,
            window: TimeDelta::seconds(10),
            max: 100,
            storage: RateLimitStorage::Memory,
            count_known_sessions: matches!(preset, Preset::BetterAuth),
            count_refused: matches!(preset, Preset::BetterAuth),
        }
    }
}

/// `[advanced.cross_sub_domain_cookies]`
#[derive(Clone, Debug, Default)]
pub struct CrossSubdomainCookies {
    /// Whether cookies have a `Domain`.
    pub enabled: bool,
    /// That domain; unset means the host of the base URL.
    pub domain: Option<String>,
}

impl CrossSubdomainCookies {
    /// `Domain` of the cookies of a server that is reached there.
    pub(crate) fn domain<'a>(&'a self, base_url: &'a Origin) -> Option<&'a str> {
        self.enabled
            .then(|| self.domain.as_deref().unwrap_or_else(|| base_url.host()))
    }
}

/// `[bearer]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BearerSettings {
    /// Whether it may come there.
    pub enabled: bool,
    /// Whether only signed tokens count, as answers hand them out, or bare ones as well.
    pub require_signature: bool,
}

/// `[session.cookie_cache]`
#[derive(Clone, Debug)]
pub struct CookieCacheSettings {
    /// Whether there is such a cookie.
    pub enabled: bool,
    /// How long a cached session is believed; a revocation takes that long to be noticed.
    pub max_age: TimeDelta,
    /// The form of the cookie.
    pub strategy: Strategy,
    /// Changing it makes all cached sessions worthless.
    pub version: String,
}

impl Default for CookieCacheSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            max_age: TimeDelta::minutes(5),
            strategy: Strategy::Compact,
            version: "1".to_owned(),
        }
    }
}

/// `[database]`, and what is remembered of it.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Most connections at a time; unset means the adapter's default.
    pub max_connections: Option<u32>,
    /// Whether the schema is brought up to date at start.
    pub auto_migrate: bool,
    /// How long an unreachable database is tried again at start.
    pub connect_timeout: Duration,
    /// How long a session read from the database is remembered in the process, for plain reading; zero switches that off.
    /// What this process changes counts at once; what others change, such as another node, after this time (RE-16).
    pub session_memory: Duration,
}

impl DatabaseSettings {
    /// The defaults of a preset.
    #[must_use]
    pub const fn of(preset: Preset) -> Self {
        Self {
            max_connections: None,
            auto_migrate: true,
            connect_timeout: Duration::from_secs(30),
            session_memory: match preset {
                Preset::Hardened => Duration::from_millis(500),
                Preset::BetterAuth => Duration::ZERO,
            },
        }
    }
}

/// `[password.breach_check]`
#[derive(Clone, Debug)]
pub struct BreachCheckSettings {
    /// Whether a service is asked.
    pub enabled: bool,
    /// The service: what Have I Been Pwned answers below `/range/`.
    pub url: String,
}

impl BreachCheckSettings {
    /// The option that names the service.
    pub(crate) const URL: &str = "password.breach_check.url";
}

impl Default for BreachCheckSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            url: "https://api.pwnedpasswords.com/range/".to_owned(),
        }
    }
}

/// `[metrics]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Whether anything is counted and shown.
    pub enabled: bool,
    /// Where it is shown. Whoever reaches this address may read it.
    pub listen: SocketAddr,
}

impl MetricsSettings {
    /// The option that says where.
    pub(crate) const LISTEN: &str = "metrics.listen";
}

impl Default for MetricsSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
        }
    }
}

/// `[mail]`
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The relay: `smtp://user:password@host:587` or `smtps://…`.
    pub smtp_url: Secret<String>,
    /// The sender, an address or `Name <address>`.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
}
