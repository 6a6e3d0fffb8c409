//! What must be true of options together, and of the few that are dangerous alone.

use std::net::SocketAddr;

use chrono::TimeDelta;
use doorward_application::settings::{InvalidSetting, Preset};
use doorward_domain::Secret;
use doorward_domain::access::AccessPolicyBuilder;
use doorward_domain::fields::ColumnFeatures;
use doorward_domain::redirect::Origin;
use doorward_web::client_address::ClientAddressPolicy;
use doorward_web::configuration::{
    BearerSettings, Configuration, CookieCacheSettings, DatabaseSettings, HashingScheme, HashingSettings,
    HttpSettings, MailSettings,
};
use doorward_web::wiring::{StartError, check};
use url::Url;

use super::ConfigError;
use super::raw_config::RawConfig;
use super::value::HashingName;
use super::value::without_credentials;

/// Where hardened, the longest a cached session is believed, whether or not the cache is on.
const LONGEST_COOKIE_CACHE: TimeDelta = TimeDelta::seconds(300);

impl RawConfig {
    /// The complete configuration, with these for what may be left out.
    pub(super) fn finish(
        mut self,
        secret: Secret<String>,
        database_url: Secret<String>,
        declare: impl FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder,
    ) -> Result<Configuration, ConfigError> {
        if self.rate_limit {
            return Err(ConfigError::new(
                "rate_limit.enabled",
                "rate limits are not available in this version",
                "set it to false, and limit requests in the proxy in front of Doorward",
            ));
        }
        if !self.cookie_cache
            && self.preset == Preset::Hardened
            && self.cookie_cache_max_age > LONGEST_COOKIE_CACHE
        {
            return Err(ConfigError::of(InvalidSetting::too_long(
                "session.cookie_cache.max_age",
                LONGEST_COOKIE_CACHE,
            )));
        }
        self.settings.access = self.access.policy(declare)?;
        (self.settings.user_fields, self.settings.session_fields) = self.fields.specs(ColumnFeatures {
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
        let cookie_domain = self.cross_subdomain_cookies.then(|| {
            self.cookie_domain
                .unwrap_or_else(|| self.settings.base_url.host().to_owned())
        });
        let configuration = Configuration {
            http: HttpSettings {
                listen: self.listen,
                allow_insecure: self.allow_insecure,
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
                format!("{:?} {error}", without_credentials(&url)),
                "write the address browsers use, such as https://auth.example.com",
            )
        };
        self.settings.base_url = Origin::from_base_url(&url).map_err(|error| refused(&error))?;
        let parsed = Url::parse(&url).map_err(|error| refused(&error))?;
        let path_of_url =
            Some(parsed.path().trim_end_matches('/').to_owned()).filter(|path| !path.is_empty());
        if let Some(path) = self.base_path.clone().or(path_of_url) {
            path.trim_end_matches('/')
                .clone_into(&mut self.settings.base_path);
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
        let Some(smtp_url) = self.smtp_url.clone().map(|url| url.0) else {
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
        StartError::Setting(setting) => {
            return ConfigError::of(setting.clone());
        }
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

/// The address under which this machine reaches what listens there.
fn reachable(listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() {
        format!("localhost:{}", listen.port())
    } else {
        listen.to_string()
    }
}
