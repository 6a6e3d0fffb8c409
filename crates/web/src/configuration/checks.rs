//! What must be true of a configuration, whoever made it.

use std::time::Duration;

use chrono::TimeDelta;
use doorward_application::settings::{InvalidSetting, Preset, Settings};
use doorward_domain::Keyring;
use doorward_domain::rate_limit::LONGEST_WINDOW;
use doorward_domain::redirect::{Origin, TrustedOrigins};

use super::secret::{check_keys, check_secret};
use super::{Configuration, HttpSettings, MetricsSettings};
use crate::client_address::ClientAddressPolicy;

/// Where hardened, the longest a cached session is believed, whether or not the cache is on (SE-10).
const LONGEST_COOKIE_CACHE: TimeDelta = TimeDelta::seconds(300);
/// The longest a session is remembered in the process (RE-16).
const LONGEST_MEMORY: Duration = Duration::from_secs(1);

impl Configuration {
    /// Refuses a configuration that contradicts itself or endangers users. The binary and every start call this.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        validate_app(&self.settings, &self.http, &self.secrets)?;
        self.hashing.validate()?;
        if self.database.session_memory > LONGEST_MEMORY {
            return Err(InvalidSetting::new(
                "session.memory",
                "a revoked session must be refused on every node within a second",
                "write at most 1",
            ));
        }
        let (metrics, public) = (self.metrics.listen, self.http.listen);
        if self.metrics.enabled && metrics == public && public.port() != 0 {
            return Err(InvalidSetting::new(
                MetricsSettings::LISTEN,
                format!("{metrics} is where clients come: they must not see metrics"),
                "write an address of its own that only the monitoring reaches, such as 127.0.0.1:9464",
            ));
        }
        Ok(())
    }
}

/// The part of it that needs no port: what a server on ports of one's own is made from.
pub(crate) fn validate_app(
    settings: &Settings,
    http: &HttpSettings,
    keys: &Keyring,
) -> Result<(), InvalidSetting> {
    let (preset, base_url) = (settings.preset, &settings.base_url);
    check_keys(keys, preset, base_url)?;
    settings.validate()?;
    if let Some(token) = &settings.admin.setup_token {
        check_secret("admin.setup_token", token, Preset::Hardened, base_url)?;
    }
    http.validate(base_url, preset)
}

impl HttpSettings {
    fn validate(&self, base_url: &Origin, preset: Preset) -> Result<(), InvalidSetting> {
        if !base_url.is_https() && !base_url.is_loopback() && !self.allow_insecure {
            return Err(InvalidSetting::new(
                "base_url",
                format!("\"{base_url}\" sends passwords and cookies unencrypted over the network"),
                "use https, or set allow_insecure = true if the network is yours alone",
            ));
        }
        self.origins(base_url)?;
        self.check_cookies(base_url, preset)?;
        self.client_address_policy()?;
        self.check_rate_limit()?;
        if self.max_body_bytes == 0 {
            let remedy = "write the largest body in bytes, such as 262144";
            return Err(InvalidSetting::new("max_body_bytes", "is nothing at all", remedy));
        }
        if let Some(path) = self.disabled_paths.iter().find(|path| !path.starts_with('/')) {
            let problem = format!("{path:?} is no path below the base path");
            return Err(InvalidSetting::new(
                "disabled_paths",
                problem,
                "write paths such as /update-user",
            ));
        }
        Ok(())
    }

    /// Where requests may come from and redirects may lead.
    pub(crate) fn origins(&self, base_url: &Origin) -> Result<TrustedOrigins, InvalidSetting> {
        let refused = |problem: String| {
            let remedy = "write https://app.example.com, https://*.example.com or myapp://";
            InvalidSetting::new("trusted_origins", problem, remedy)
        };
        let trusted = TrustedOrigins::new(base_url, &self.trusted_origins)
            .map_err(|error| refused(error.to_string()))?;
        for origin in &self.trusted_origins {
            // An app may write its scheme with one slash, `myapp:/`.
            let parts = origin.split_once("://").or_else(|| origin.split_once(":/"));
            let (scheme, rest) = parts.unwrap_or(("", origin));
            if rest.len() > 1 && rest.ends_with('/') {
                return Err(refused(format!(
                    "{origin:?} ends in a slash, which no origin does"
                )));
            }
            if scheme.is_empty() && !rest.contains('*') {
                return Err(refused(format!("{origin:?} has no scheme")));
            }
        }
        Ok(trusted)
    }

    /// Whose word on the client's address is taken.
    pub(crate) fn client_address_policy(&self) -> Result<ClientAddressPolicy, InvalidSetting> {
        ClientAddressPolicy::new(&self.client_address).map_err(|error| {
            let remedy = "write names of headers and networks such as 10.0.0.0/8";
            InvalidSetting::new("advanced.ip_address", error.to_string(), remedy)
        })
    }

    fn check_rate_limit(&self) -> Result<(), InvalidSetting> {
        let window = self.rate_limit.window;
        if window <= TimeDelta::zero() || window > LONGEST_WINDOW {
            return Err(InvalidSetting::new(
                "rate_limit.window",
                "is no time at all, or longer than a day",
                "write a number of seconds, such as 10",
            ));
        }
        if self.rate_limit.max == 0 {
            return Err(InvalidSetting::new(
                "rate_limit.max",
                "allows nothing at all",
                "write a number above 0, or set rate_limit.enabled = false",
            ));
        }
        Ok(())
    }

    fn check_cookies(&self, base_url: &Origin, preset: Preset) -> Result<(), InvalidSetting> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if self.cookie_prefix.is_empty() || !self.cookie_prefix.bytes().all(plain) {
            let problem = format!("{:?} cannot begin the name of a cookie", self.cookie_prefix);
            return Err(InvalidSetting::new(
                "advanced.cookie_prefix",
                problem,
                "write letters, digits and `-_.`",
            ));
        }
        let domain = self.cross_subdomain_cookies.domain(base_url);
        let domain = domain.unwrap_or("domain");
        if domain.is_empty() || !domain.bytes().all(|byte| plain(byte) || b"[]:".contains(&byte)) {
            return Err(InvalidSetting::new(
                "advanced.cross_sub_domain_cookies.domain",
                format!("{domain:?} is no domain"),
                "write a domain such as example.com",
            ));
        }
        let cache = &self.cookie_cache;
        let option = "session.cookie_cache.max_age";
        if cache.enabled && cache.max_age <= TimeDelta::zero() {
            let remedy = "write a number of seconds above 0";
            return Err(InvalidSetting::new(option, "is no time at all", remedy));
        }
        if preset == Preset::Hardened && cache.max_age > LONGEST_COOKIE_CACHE {
            return Err(InvalidSetting::too_long(option, LONGEST_COOKIE_CACHE));
        }
        Ok(())
    }
}
