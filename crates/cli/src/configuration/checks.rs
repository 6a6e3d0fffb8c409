//! What must be true of options together, and of the few that are dangerous alone.

use std::net::SocketAddr;

use doorward_application::settings::Preset;
use doorward_domain::access::AccessPolicyBuilder;
use doorward_domain::fields::ColumnFeatures;
use doorward_domain::redirect::{Origin, without_credentials};
use doorward_domain::{Keyring, Secret};
use doorward_web::configuration::{Configuration, MailSettings};
use doorward_web::wiring::{StartError, check};
use url::Url;

use super::ConfigError;
use super::raw_config::RawConfig;

impl RawConfig {
    /// The complete configuration, with these for what may be left out.
    pub(super) fn finish(
        mut self,
        secrets: Keyring,
        database_url: Secret<String>,
        declare: impl FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder,
    ) -> Result<Configuration, ConfigError> {
        self.settings.access = self.access.policy(declare)?;
        if self.settings.preset == Preset::Hardened && !self.access.replaces_roles() {
            self.settings.access = self.settings.access.reading_audit_log();
        }
        (self.settings.user_fields, self.settings.session_fields) = self.fields.specs(ColumnFeatures {
            admin: self.settings.admin.enabled,
            username: self.settings.username.enabled,
        })?;
        self.place()?;
        let mail = self.mail()?;
        if self.base_url.is_none() {
            // Who opens `localhost` in place of `127.0.0.1` is on this machine all the same.
            let origin = format!("http://localhost:{}", self.http.listen.port());
            self.http.trusted_origins.push(origin);
        }
        let configuration = Configuration {
            http: self.http,
            settings: self.settings,
            secrets,
            database_url,
            database: self.database,
            hashing: self.hashing,
            breach_check: self.breach_check,
            metrics: self.metrics,
            mail,
        };
        check(&configuration).map_err(|error| unusable(&error))?;
        Ok(configuration)
    }

    /// Sets where the server is reached.
    fn place(&mut self) -> Result<(), ConfigError> {
        if self.http.listen.port() == 0 && self.base_url.is_none() {
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
            .unwrap_or_else(|| format!("http://{}", reachable(self.http.listen)));
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
}

/// What no port can be made of, and what to do about it.
fn unusable(error: &StartError) -> ConfigError {
    let (key, fix) = match error {
        StartError::Setting(setting) => {
            return ConfigError::of(setting.clone());
        }
        StartError::Configuration {
            option: option @ "password.breach_check.url",
            ..
        } => (
            *option,
            "write a URL such as https://api.pwnedpasswords.com/range/; the server sends requests by https to public \
             addresses only",
        ),
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
