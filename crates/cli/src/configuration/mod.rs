//! The configuration: read from file, environment and flags, checked, and shown.

mod access;
mod checks;
mod config_error;
mod data_dir;
mod fields;
mod kept_secrets;
mod layers;
mod options;
mod raw_config;
mod reference;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;

use doorward_application::settings::Preset;
use doorward_domain::access::{AccessPolicyBuilder, Permission};
use doorward_domain::{InvalidKeyring, Keyring, Secret};
use doorward_web::configuration::Configuration;

pub use config_error::ConfigError;
pub(crate) use data_dir::DataDir;
pub(crate) use kept_secrets::{KeptSecrets, Rotation, shown};
pub(crate) use layers::Sources;
pub(crate) use reference::reference;
pub(crate) use value::LogFormat;

use access::Named;
use data_dir::random_secret;
use layers::Given;
use options::{CATALOGUE, find, nearest, variable};
use raw_config::RawConfig;
use value::OptionValue;

/// Every option, read but not yet checked against the others.
#[derive(Debug)]
pub(crate) struct Loaded {
    config: RawConfig,
    given: BTreeMap<String, Given>,
}

/// A complete configuration, and what a newcomer wants to know of it.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) configuration: Configuration,
    /// The database file, if it is where nobody chose.
    pub(crate) database_file: Option<PathBuf>,
    /// The file the secret was read from, if nobody set one, and whether it is new.
    pub(crate) secret_file: Option<(PathBuf, bool)>,
    /// Where a secret has to be made: there is none yet, and the one in the configuration is kept nowhere.
    secret_missing_in: Option<DataDir>,
}

impl Ready {
    /// Whether a secret has to be made.
    pub(crate) const fn lacks_secret(&self) -> bool {
        self.secret_missing_in.is_some()
    }

    /// Makes the secret that is missing, unless there are users: nobody of them would be signed in with it.
    pub(crate) fn make_secret(&mut self, has_users: bool) -> Result<(), ConfigError> {
        let Some(directory) = &self.secret_missing_in else {
            return Ok(());
        };
        if has_users {
            return Err(ConfigError::new(
                "secret",
                "is not set, and the database has users, whom a new one would sign out for good",
                "set DOORWARD_SECRET, or DOORWARD_SECRET_FILE to a file, to the secret they signed in with: \
                 BETTER_AUTH_SECRET of Better Auth, or what the file `secret` of the earlier data directory holds. \
                 If it is lost, set a new one of at least 32 random bytes",
            ));
        }
        let kept = directory.make_secret()?;
        self.configuration.secrets = kept.secrets.keyring()?;
        self.secret_file = Some((kept.file, kept.is_new));
        self.secret_missing_in = None;
        Ok(())
    }
}

/// Reads the options.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let given = layers::read(sources)?;
    let mut config = RawConfig::of(preset(given.get("preset"))?);
    for (key, Given { value, origin }) in &given {
        let Some(entry) = find(key) else {
            let named = match config.access.read(key, value) {
                Named::Other => config.fields.read(key, value),
                named => named,
            };
            match named {
                Named::Taken => {}
                Named::Wrong => {
                    let problem = format!("`{value}` is not what belongs there");
                    let fix =
                        "docs/reference/configuration.md says how resources, roles and fields are written";
                    let problem = ConfigError::new(key, problem, fix);
                    return Err(problem.with_origin(Some(origin.clone())));
                }
                Named::Other => unknown(key, value, origin)?,
            }
            continue;
        };
        if !entry.set(&mut config, value.clone()) {
            let shown = if entry.secret {
                "the value".to_owned()
            } else {
                format!("`{value}`")
            };
            let expected = (entry.expected)();
            let problem = format!("{shown} is not {expected}");
            return Err(
                ConfigError::new(key, problem, format!("write {expected}")).with_origin(Some(origin.clone()))
            );
        }
    }
    Ok(Loaded { config, given })
}

/// A configuration of defaults that keeps nothing, for describing the server.
pub(crate) fn standard() -> Result<Configuration, ConfigError> {
    let secret = Secret::new("describing-a-server-needs-no-secret".to_owned());
    let mut config = RawConfig::of(Preset::Hardened);
    config.settings.admin.enabled = true;
    config.settings.username.enabled = true;
    let database_url = Secret::new("sqlite::memory:".to_owned());
    config.finish(Keyring::single(secret), database_url, |policy| policy)
}

impl Loaded {
    /// Checks the options, and makes the data directory where the database is in it. The secret is made later, by
    /// [`Ready::make_secret`].
    ///
    /// The permissions and what is declared are those of the program; roles in the configuration may grant them.
    pub(crate) fn prepare(
        self,
        permissions: Vec<Permission>,
        declare: impl FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder,
    ) -> Result<Ready, ConfigError> {
        let directory = DataDir::new(&self.config.data_dir);
        let (secrets, secret_file, secret_missing_in) = if let Some(configured) = self.configured_secrets()? {
            (configured, None, None)
        } else if let Some(kept) = directory.secrets()? {
            (kept.secrets.keyring()?, Some((kept.file, kept.is_new)), None)
        } else {
            let passing = Keyring::single(random_secret()?);
            (passing, None, Some(directory.clone()))
        };
        let (database_url, database_file) =
            if let Some(url) = self.config.database_url.clone().map(|url| url.0) {
                (url, None)
            } else {
                directory.create()?;
                (directory.database_url(), Some(directory.database()))
            };
        let given = self.given;
        let configuration = self
            .config
            .finish(secrets, database_url, |policy| {
                declare(policy.declare(permissions))
            })
            .map_err(|problem| at_its_origin(problem, &given))?;
        Ok(Ready {
            configuration,
            database_file,
            secret_file,
            secret_missing_in,
        })
    }

    /// The secrets that are configured, if any are.
    fn configured_secrets(&self) -> Result<Option<Keyring>, ConfigError> {
        let Some(list) = &self.config.secrets else {
            return Ok(self.config.secret.clone().map(Keyring::single));
        };
        let keys = Keyring::parse(&list.0).map_err(|error| {
            let fix = match error {
                InvalidKeyring::Empty | InvalidKeyring::Form(_) | InvalidKeyring::NoSecret(_) => {
                    "write a list such as 2:NEW,1:OLD, the current one first"
                }
                InvalidKeyring::SameId(_) | InvalidKeyring::SameSecret(..) => {
                    "give each secret an id that no other has or had, and write it once"
                }
            };
            at_its_origin(ConfigError::new("secrets", error.to_string(), fix), &self.given)
        })?;
        Ok(Some(keys))
    }

    /// Where the secrets are kept that nobody configured. Secrets that are configured are not ours to change.
    pub(crate) fn own_secrets(&self) -> Result<DataDir, ConfigError> {
        let configured = ["secrets", "secret"]
            .into_iter()
            .find_map(|key| self.given.get(key));
        let Some(Given { origin, .. }) = configured else {
            return Ok(DataDir::new(&self.config.data_dir));
        };
        let problem =
            format!("is set by {origin}, and only a secret in the data directory is changed by this command");
        let fix = "change it there: make a secret (openssl rand -hex 32), put it in front of the others, as \
                   DOORWARD_SECRETS=2:NEW,1:OLD, and restart; docs/guides/secrets.md has every step";
        Err(ConfigError::new("secret", problem, fix))
    }

    /// What is logged, and how.
    pub(crate) fn log(&self) -> (&str, LogFormat) {
        (&self.config.log_level, self.config.log_format)
    }

    /// Every option, its value and where the value came from, as a file that could be used; secrets are hidden.
    pub(crate) fn print(&self) -> String {
        let lines = CATALOGUE.iter().map(|entry| {
            let value = entry.show(&self.config);
            let origin = self
                .given
                .get(entry.key)
                .map_or("default", |given| given.origin.as_str());
            let comment = if value == "unset" { "# " } else { "" };
            (format!("{comment}{} = {value}", entry.key), origin.to_owned())
        });
        let named = self.given.iter().filter(|(key, _)| find(key).is_none());
        let named = named.map(|(key, given)| {
            let is_field = key.contains(".additional_fields.");
            let list = <Vec<String>>::read(given.value.clone()).filter(|_| !is_field);
            let text = || String::read(given.value.clone()).map(|text| text.show());
            let value = list.map(|list| list.show()).or_else(text);
            let value = value.unwrap_or_else(|| given.value.to_string());
            (format!("{key} = {value}"), given.origin.clone())
        });
        let lines: Vec<_> = lines.chain(named).collect();
        let width = lines
            .iter()
            .map(|(line, _)| line.chars().count())
            .max()
            .unwrap_or_default()
            .min(72);
        let lines = lines
            .iter()
            .map(|(line, origin)| format!("{line:width$}  # {origin}\n"));
        lines.collect::<Vec<_>>().concat()
    }
}

/// The same problem, with where the value came from. What is wrong with a list of one secret is told of `secret`.
fn at_its_origin(mut problem: ConfigError, given: &BTreeMap<String, Given>) -> ConfigError {
    if problem.key == "secret" && given.contains_key("secrets") {
        "secrets".clone_into(&mut problem.key);
    }
    let origin = given.get(&problem.key).map(|given| given.origin.clone());
    problem.with_origin(origin)
}

fn preset(given: Option<&Given>) -> Result<Preset, ConfigError> {
    let Some(Given { value, origin }) = given else {
        return Ok(Preset::Hardened);
    };
    Preset::read(value.clone()).ok_or_else(|| {
        let expected = Preset::expected();
        let problem = format!("`{value}` is not {expected}");
        ConfigError::new("preset", problem, format!("write {expected}")).with_origin(Some(origin.clone()))
    })
}

/// A name that is no option is an error, unless it is of a section without options.
fn unknown(key: &str, value: &config::Value, origin: &str) -> Result<(), ConfigError> {
    if matches!(&value.kind, config::ValueKind::Table(table) if table.is_empty()) {
        return Ok(());
    }
    let origin = Some(origin.to_owned());
    let nearest = nearest(key);
    let fix = format!(
        "did you mean {nearest} ({})? `doorward config print` lists all options",
        variable(nearest)
    );
    Err(ConfigError::new(key, "is not an option", fix).with_origin(origin))
}

#[cfg(test)]
mod tests;
