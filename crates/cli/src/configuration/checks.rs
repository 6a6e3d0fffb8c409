//! What must be true of options together, and of the few that are dangerous alone.

use std::net::SocketAddr;

use chrono::TimeDelta;
use doorward_application::settings::Preset;
use doorward_domain::Secret;
use doorward_domain::access::AccessPolicyBuilder;
use doorward_domain::redirect::{Origin, TrustedOrigins};
use doorward_web::client_address::ClientAddressPolicy;
use doorward_web::configuration::{
    BearerSettings, Configuration, CookieCacheSettings, DatabaseSettings, HashingScheme, HashingSettings,
    HttpSettings, MailSettings,
};
use doorward_web::wiring::{StartError, check};
use url::{Host, Url};

use super::ConfigError;
use super::fields::Plugins;
use super::raw_config::{HashingName, RawConfig};

const LEAST_SECRET_BYTES: usize = 32;
const LEAST_DIFFERENT_CHARACTERS: usize = 10;
/// Texts that stand in the documentation and sources of Better Auth, and so in many a configuration.
const KNOWN_SECRETS: [&str; 2] = ["better-auth-secret", "change-me"];
/// Where hardened, the longest a reset link is good for (TK-4), an administrator uses a user's place (AC-6), and a cached
/// session is believed (SE-10).
const LONGEST_RESET: TimeDelta = TimeDelta::hours(24);
const LONGEST_IMPERSONATION: TimeDelta = TimeDelta::hours(1);
const LONGEST_COOKIE_CACHE: TimeDelta = TimeDelta::seconds(300);

impl RawConfig {
    /// The complete configuration, with these for what may be left out.
    pub(super) fn finish(
        mut self,
        secret: Secret<String>,
        database_url: Secret<String>,
        declare: impl FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder,
    ) -> Result<Configuration, ConfigError> {
        check_secret(&secret)?;
        self.check_durations()?;
        self.check_peppers()?;
        self.check_admin()?;
        self.settings.access = self.access.policy(declare)?;
        (self.settings.user_fields, self.settings.session_fields) = self.fields.specs(Plugins {
            admin: self.settings.admin.enabled,
            username: self.settings.username.enabled,
        })?;
        self.place()?;
        let mail = self.mail()?;
        let client_address = self.client_address()?;
        let scheme = self.scheme();
        let mut trusted_origins = self.trusted_origins;
        if self.base_url.is_none() {
            // Who opens `localhost` in place of `127.0.0.1` is on this machine all the same.
            trusted_origins.push(format!("http://localhost:{}", self.listen.port()));
        }
        TrustedOrigins::new(&self.settings.base_url, &trusted_origins).map_err(|error| {
            ConfigError::new(
                "trusted_origins",
                error.to_string(),
                "write https://app.example.com, https://*.example.com or myapp://",
            )
        })?;
        let cookie_domain = self.cross_subdomain_cookies.then(|| {
            self.cookie_domain
                .unwrap_or_else(|| self.settings.base_url.host().to_owned())
        });
        let configuration = Configuration {
            http: HttpSettings {
                listen: self.listen,
                trusted_origins,
                cookie_prefix: self.cookie_prefix,
                use_secure_cookies: self.use_secure_cookies,
                cookie_domain,
                cookie_cache: self.cookie_cache.then_some(CookieCacheSettings {
                    max_age: self.cookie_cache_max_age,
                    strategy: self.cookie_cache_strategy,
                    version: self.cookie_cache_version,
                }),
                bearer: self.bearer.then_some(BearerSettings {
                    require_signature: self.bearer_require_signature,
                }),
                defer_session_refresh: self.defer_session_refresh,
                client_address,
                disabled_paths: self.disabled_paths,
                max_body_bytes: self.max_body_bytes,
                workers: self.workers.map(usize::from),
                shutdown_timeout: self.shutdown_timeout,
            },
            settings: self.settings,
            secret,
            database: DatabaseSettings {
                url: database_url,
                max_connections: self.max_connections,
                auto_migrate: self.auto_migrate,
                connect_timeout: self.connect_timeout,
            },
            session_memory: self.session_memory,
            hashing: HashingSettings {
                scheme,
                peppers: self.peppers,
                threads: self.hashing_threads,
                queue_per_thread: self.queue_per_thread,
            },
            mail,
        };
        check(&configuration).map_err(|error| unusable(&error))?;
        Ok(configuration)
    }

    fn check_admin(&self) -> Result<(), ConfigError> {
        let admin = &self.settings.admin;
        let short = |token: &Secret<String>| token.expose().chars().count() < LEAST_SECRET_BYTES;
        if admin.setup_token.as_ref().is_some_and(short) {
            return Err(ConfigError::new(
                "admin.setup_token",
                "could be guessed",
                format!("write at least {LEAST_SECRET_BYTES} random characters"),
            ));
        }
        if admin.impersonation_session_duration <= TimeDelta::zero() {
            return Err(ConfigError::new(
                "admin.impersonation_session_duration",
                "is no time at all",
                "write a number of seconds above 0",
            ));
        }
        Ok(())
    }

    fn check_peppers(&self) -> Result<(), ConfigError> {
        if self.peppers.is_empty() || self.hashing == HashingName::Argon2id {
            return Ok(());
        }
        let problem = "only Argon2id hashes can say which pepper they were made with";
        Err(ConfigError::new(
            "password.peppers",
            problem,
            "remove it, or set password.scheme = \"argon2id\"",
        ))
    }

    /// Sets where the server is reached.
    fn place(&mut self) -> Result<(), ConfigError> {
        if self.listen.port() == 0 && self.base_url.is_none() {
            let problem = "port 0 takes any free port, so that browsers do not know the address";
            return Err(ConfigError::new(
                "listen",
                problem,
                "name a port, or set base_url, too",
            ));
        }
        let url = self
            .base_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", reachable(self.listen)));
        let refused = |error: &dyn std::fmt::Display| {
            ConfigError::new(
                "base_url",
                format!("{url:?} {error}"),
                "write the address browsers use, such as https://auth.example.com",
            )
        };
        self.settings.base_url = Origin::from_base_url(&url).map_err(|error| refused(&error))?;
        let parsed = Url::parse(&url).map_err(|error| refused(&error))?;
        if parsed.scheme() == "http" && !is_loopback(&parsed) && !self.allow_insecure {
            return Err(ConfigError::new(
                "base_url",
                format!("{url:?} sends passwords and cookies unencrypted over the network"),
                "use https, or set allow_insecure = true if the network is yours alone",
            ));
        }
        let path_of_url =
            Some(parsed.path().trim_end_matches('/').to_owned()).filter(|path| !path.is_empty());
        if let Some(path) = self.base_path.clone().or(path_of_url) {
            let path = path.trim_end_matches('/');
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
            if !path.starts_with('/') || path.contains("//") || !path.bytes().all(plain) {
                return Err(ConfigError::new(
                    "base_path",
                    format!("{path:?} is not a plain path"),
                    "write a path such as /api/auth",
                ));
            }
            path.clone_into(&mut self.settings.base_path);
        }
        Ok(())
    }

    fn check_durations(&self) -> Result<(), ConfigError> {
        let settings = &self.settings;
        let positive = [
            ("session.expires_in", settings.session.expires_in),
            (
                "email_and_password.reset_password_token_expires_in",
                settings.email_and_password.reset_password_token_expires_in,
            ),
            (
                "email_verification.expires_in",
                settings.email_verification.expires_in,
            ),
            (
                "user.delete_user.delete_token_expires_in",
                settings.delete_user.delete_token_expires_in,
            ),
            ("session.cookie_cache.max_age", self.cookie_cache_max_age),
        ];
        for (key, duration) in positive {
            if duration <= TimeDelta::zero() {
                return Err(ConfigError::new(
                    key,
                    "is no time at all",
                    "write a number of seconds above 0",
                ));
            }
        }
        let password = &settings.email_and_password.password;
        if password.min_length > password.max_length {
            return Err(ConfigError::new(
                "email_and_password.min_password_length",
                format!(
                    "{} is more than max_password_length, {}",
                    password.min_length, password.max_length
                ),
                "make it smaller than that",
            ));
        }
        if self.session_memory > std::time::Duration::from_secs(1) {
            return Err(ConfigError::new(
                "session.memory",
                "a revoked session must be refused on every node within a second",
                "write at most 1",
            ));
        }
        if self.rate_limit {
            return Err(ConfigError::new(
                "rate_limit.enabled",
                "rate limits are not available in this version",
                "set it to false, and limit requests in the proxy in front of Doorward",
            ));
        }
        if self.preset == Preset::BetterAuth {
            return Ok(());
        }
        let bounded = [
            (
                "email_and_password.reset_password_token_expires_in",
                settings.email_and_password.reset_password_token_expires_in,
                LONGEST_RESET,
            ),
            (
                "session.cookie_cache.max_age",
                self.cookie_cache_max_age,
                LONGEST_COOKIE_CACHE,
            ),
            (
                "admin.impersonation_session_duration",
                settings.admin.impersonation_session_duration,
                LONGEST_IMPERSONATION,
            ),
        ];
        for (key, duration, most) in bounded {
            if duration > most {
                let most = most.num_seconds();
                let problem = format!("is longer than the {most} seconds that are safe");
                return Err(ConfigError::new(
                    key,
                    problem,
                    format!("write at most {most}, or set preset = \"better-auth\""),
                ));
            }
        }
        if password.min_length < 8 {
            return Err(ConfigError::new(
                "email_and_password.min_password_length",
                "is less than 8",
                "write at least 8, or set preset = \"better-auth\"",
            ));
        }
        Ok(())
    }

    const fn scheme(&self) -> HashingScheme {
        match self.hashing {
            HashingName::Scrypt => HashingScheme::BetterAuthScrypt,
            HashingName::Argon2id => HashingScheme::Argon2id {
                memory_kib: self.memory_kib,
                iterations: self.iterations,
                parallelism: self.parallelism,
            },
        }
    }

    fn mail(&self) -> Result<Option<MailSettings>, ConfigError> {
        let Some(smtp_url) = self.smtp_url.clone() else {
            return Ok(None);
        };
        let from = self.mail_from.clone().ok_or_else(|| {
            ConfigError::new(
                "mail.from",
                "is not set, but mail.smtp_url is",
                "set the sender, such as \"Example <noreply@example.com>\"",
            )
        })?;
        Ok(Some(MailSettings {
            smtp_url,
            from,
            reply_to: self.reply_to.clone(),
        }))
    }

    fn client_address(&self) -> Result<ClientAddressPolicy, ConfigError> {
        ClientAddressPolicy::new(
            &self.ip_address_headers,
            &self.trusted_proxies,
            self.believe_any_peer,
        )
        .map_err(|error| {
            ConfigError::new(
                "advanced.ip_address",
                error.to_string(),
                "write names of headers and networks such as 10.0.0.0/8",
            )
        })
    }
}

/// What no port can be made of, and what to do about it.
fn unusable(error: &StartError) -> ConfigError {
    let (key, fix) = match error {
        StartError::Configuration { option: "mail", .. } => (
            "mail",
            "write mail.smtp_url as smtps://user:password@mail.example.com and mail.from as an address",
        ),
        _ => (
            "password",
            "leave memory_kib, iterations and parallelism out, or set 19456, 2 and 1 or more; write peppers as id:key",
        ),
    };
    let words = error.to_string();
    ConfigError::new(
        key,
        words.strip_prefix(&format!("{key}: ")).unwrap_or(&words),
        fix,
    )
}

/// SK-4: short, well-known and low-entropy secrets are refused. Only the length is told.
fn check_secret(secret: &Secret<String>) -> Result<(), ConfigError> {
    let text = secret.expose();
    let fix = "use at least 32 random bytes, for example from: openssl rand -hex 32";
    let refused = |problem: &str| Err(ConfigError::new("secret", problem, fix));
    if text.len() < LEAST_SECRET_BYTES {
        return refused(&format!(
            "has {} bytes; {LEAST_SECRET_BYTES} are needed",
            text.len()
        ));
    }
    if KNOWN_SECRETS
        .iter()
        .any(|known| text.to_lowercase().contains(known))
    {
        return refused("stands in public documentation");
    }
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    if characters.len() < LEAST_DIFFERENT_CHARACTERS || repeats(text.as_bytes()) {
        return refused("is not random");
    }
    Ok(())
}

/// Whether the text is a shorter text over and over again.
fn repeats(text: &[u8]) -> bool {
    (1..=text.len() / 2).any(|length| text.chunks(length).all(|chunk| text.starts_with(chunk)))
}

/// The address under which this machine reaches what listens there.
fn reachable(listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() {
        format!("localhost:{}", listen.port())
    } else {
        listen.to_string()
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sk_4_weak_secrets_are_refused() {
        for weak in [
            "",
            "short",
            "0123456789012345678901234567890",
            "better-auth-secret-123456789012345678901234567890",
            "abcdefghijklmnopabcdefghijklmnop",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababababababacacac",
        ] {
            let problem = check_secret(&Secret::new(weak.to_owned())).unwrap_err();
            assert!(
                weak.is_empty() || !problem.to_string().contains(weak),
                "SK-1: {problem}"
            );
        }
        assert!(check_secret(&Secret::new("9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e".to_owned())).is_ok());
    }
}
