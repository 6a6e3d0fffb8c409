//! Everything a server is made from. The binary fills it from file, environment and flags; tests by hand.

mod checks;
mod secret;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use chrono::TimeDelta;
use doorward_application::settings::Settings;
use doorward_domain::Secret;

use crate::client_address::ClientAddressPolicy;
use crate::cookie_cache::Strategy;

pub(crate) use checks::validate_app;
pub(crate) use secret::is_short;

/// A complete configuration. [`validate`](Configuration::validate) is called before anything is made of it.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What the use-cases depend on.
    pub settings: Settings,
    /// What the wire depends on.
    pub http: HttpSettings,
    /// The key of every signature and of all encryption.
    pub secret: Secret<String>,
    /// Where data lives.
    pub database: DatabaseSettings,
    /// How long a session read from the database is remembered in the process, for plain reading; zero switches that off.
    /// What this process changes counts at once; what others change, such as another node, after this time (RE-16).
    pub session_memory: Duration,
    /// How passwords are hashed.
    pub hashing: HashingSettings,
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
    /// `Domain` of the cookies, to share them between subdomains.
    pub cookie_domain: Option<String>,
    /// The cookie that spares the database, if it is used.
    pub cookie_cache: Option<CookieCacheSettings>,
    /// Whether the session token may come in the `Authorization` header, for clients that keep no cookies.
    pub bearer: Option<BearerSettings>,
    /// Whether `GET /get-session` never writes and `POST` to it refreshes.
    pub defer_session_refresh: bool,
    /// Whose word on the client's address is taken.
    pub client_address: ClientAddressPolicy,
    /// Endpoints that do not exist, as paths below the base path.
    pub disabled_paths: Vec<String>,
    /// Largest request body in bytes (IN-2).
    pub max_body_bytes: usize,
    /// Worker threads that answer requests; unset means one a core.
    pub workers: Option<usize>,
    /// How long requests in flight may take when the server stops (RE-9).
    pub shutdown_timeout: Duration,
}

/// `[bearer]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BearerSettings {
    /// Whether only signed tokens count, as answers hand them out, or bare ones as well.
    pub require_signature: bool,
}

/// `[session.cookie_cache]`
#[derive(Clone, Debug)]
pub struct CookieCacheSettings {
    /// How long a cached session is believed; a revocation takes that long to be noticed.
    pub max_age: TimeDelta,
    /// The form of the cookie.
    pub strategy: Strategy,
    /// Changing it makes all cached sessions worthless.
    pub version: String,
}

/// `[database]`
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `sqlite://FILE?mode=rwc` or `postgres://…`; may hold a password.
    pub url: Secret<String>,
    /// Most connections at a time; unset means the adapter's default.
    pub max_connections: Option<u32>,
    /// Whether the schema is brought up to date at start.
    pub auto_migrate: bool,
    /// How long an unreachable database is tried again at start.
    pub connect_timeout: Duration,
}

/// The algorithm of new password hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashingScheme {
    /// Argon2id (PW-1, PW-2).
    Argon2id {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes over the memory.
        iterations: u32,
        /// Lanes.
        parallelism: u32,
    },
    /// scrypt as Better Auth writes it.
    BetterAuthScrypt,
}

/// `[password]`
#[derive(Clone, Debug)]
pub struct HashingSettings {
    /// The algorithm of new hashes. Older ones verify all the same.
    pub scheme: HashingScheme,
    /// Keys mixed into passwords before they are hashed, each `id:key`, the present one first (PW-11). Argon2id only.
    pub peppers: Vec<Secret<String>>,
    /// Hashes computed at a time; unset means one a core (RE-7).
    pub threads: Option<NonZeroUsize>,
    /// Requests that may wait for one, per thread (RE-8).
    pub queue_per_thread: usize,
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
