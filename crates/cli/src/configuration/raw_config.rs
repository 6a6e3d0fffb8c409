use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use chrono::TimeDelta;
use doorward_application::settings::{Preset, Settings};
use doorward_domain::Secret;
use doorward_domain::redirect::Origin;
use doorward_web::client_address::ClientAddressPolicy;
use doorward_web::cookie_cache::Strategy;

use super::access::AccessDraft;
use super::fields::FieldsDraft;
use super::value::{HashingName, LogFormat, SecretUrl};

/// Every option as it is set, before the options are checked against each other.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct RawConfig {
    pub(crate) preset: Preset,
    pub(crate) settings: Settings,
    pub(crate) access: AccessDraft,
    pub(crate) fields: FieldsDraft,
    pub(crate) base_url: Option<String>,
    pub(crate) base_path: Option<String>,
    pub(crate) secret: Option<Secret<String>>,
    pub(crate) allow_insecure: bool,
    pub(crate) listen: SocketAddr,
    pub(crate) workers: Option<NonZeroUsize>,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) max_body_bytes: usize,
    pub(crate) data_dir: String,
    pub(crate) trusted_origins: Vec<String>,
    pub(crate) disabled_paths: Vec<String>,
    pub(crate) database_url: Option<SecretUrl>,
    pub(crate) max_connections: Option<u32>,
    pub(crate) auto_migrate: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) session_memory: Duration,
    pub(crate) defer_session_refresh: bool,
    pub(crate) cookie_cache: bool,
    pub(crate) cookie_cache_max_age: TimeDelta,
    pub(crate) cookie_cache_strategy: Strategy,
    pub(crate) cookie_cache_version: String,
    pub(crate) bearer: bool,
    pub(crate) bearer_require_signature: bool,
    pub(crate) cookie_prefix: String,
    pub(crate) use_secure_cookies: Option<bool>,
    pub(crate) cross_subdomain_cookies: bool,
    pub(crate) cookie_domain: Option<String>,
    pub(crate) ip_address_headers: Vec<String>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) believe_any_peer: bool,
    pub(crate) hashing: HashingName,
    pub(crate) memory_kib: u32,
    pub(crate) iterations: u32,
    pub(crate) parallelism: u32,
    pub(crate) peppers: Vec<Secret<String>>,
    pub(crate) hashing_threads: Option<NonZeroUsize>,
    pub(crate) queue_per_thread: usize,
    pub(crate) smtp_url: Option<SecretUrl>,
    pub(crate) mail_from: Option<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    pub(crate) rate_limit: bool,
}

impl RawConfig {
    /// The defaults of a preset.
    pub(crate) fn of(preset: Preset) -> Self {
        let hardened = preset == Preset::Hardened;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 3000));
        Self {
            preset,
            settings: Settings::of(preset, Origin::loopback(listen.port()), "/api/auth".to_owned()),
            access: AccessDraft::default(),
            fields: FieldsDraft::default(),
            base_url: None,
            base_path: None,
            secret: None,
            allow_insecure: false,
            listen,
            workers: None,
            shutdown_timeout: Duration::from_secs(30),
            max_body_bytes: 256 * 1024,
            data_dir: "doorward-data".to_owned(),
            trusted_origins: Vec::new(),
            disabled_paths: Vec::new(),
            database_url: None,
            max_connections: None,
            auto_migrate: true,
            connect_timeout: Duration::from_secs(30),
            session_memory: if hardened {
                Duration::from_millis(500)
            } else {
                Duration::ZERO
            },
            defer_session_refresh: false,
            cookie_cache: false,
            cookie_cache_max_age: TimeDelta::minutes(5),
            cookie_cache_strategy: Strategy::Compact,
            cookie_cache_version: "1".to_owned(),
            bearer: false,
            bearer_require_signature: false,
            cookie_prefix: "better-auth".to_owned(),
            use_secure_cookies: None,
            cross_subdomain_cookies: false,
            cookie_domain: None,
            ip_address_headers: vec![ClientAddressPolicy::DEFAULT_HEADER.to_owned()],
            trusted_proxies: Vec::new(),
            believe_any_peer: !hardened,
            hashing: if hardened {
                HashingName::Argon2id
            } else {
                HashingName::Scrypt
            },
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            peppers: Vec::new(),
            hashing_threads: None,
            queue_per_thread: 8,
            smtp_url: None,
            mail_from: None,
            reply_to: None,
            log_level: "info".to_owned(),
            log_format: LogFormat::Text,
            rate_limit: false,
        }
    }
}
