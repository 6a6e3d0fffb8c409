//! Where values come from: `doorward.toml`, the environment, flags. Each overrules those before it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use config::{Config, File, FileFormat, Value, ValueKind};

use super::ConfigError;
use super::options::{CATALOGUE, variable};
use super::value::OptionValue;

/// The file that is read if it is there.
const STANDARD_FILE: &str = "doorward.toml";
const PREFIX: &str = "DOORWARD";
/// Variables of that prefix that are not for the server.
const TESTS: &str = "DOORWARD_TEST_";

const SECRET: &str = "secret";
const SECRETS: &str = "secrets";
const TRUSTED_ORIGINS: &str = "trusted_origins";
const BETTER_AUTH_TRUSTED_ORIGINS: &str = "BETTER_AUTH_TRUSTED_ORIGINS";
/// Which overrules `BETTER_AUTH_SECRET`, as in Better Auth.
const BETTER_AUTH_SECRETS: &str = "BETTER_AUTH_SECRETS";

/// Variables of Better Auth and of hosting platforms, which count where ours are not set;
/// trusted origins count beside ours.
const FALLBACKS: [(&str, &str); 7] = [
    ("AUTH_SECRET", SECRET),
    ("BETTER_AUTH_SECRET", SECRET),
    (BETTER_AUTH_SECRETS, SECRETS),
    ("BETTER_AUTH_URL", "base_url"),
    (BETTER_AUTH_TRUSTED_ORIGINS, TRUSTED_ORIGINS),
    ("DATABASE_URL", "database.url"),
    ("PORT", "listen"),
];

/// What the sources say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// `--config`
    pub(crate) file: Option<PathBuf>,
    /// The environment.
    pub(crate) environment: HashMap<String, String>,
    /// Options that were given as flags: flag, option, value.
    pub(crate) flags: Vec<(&'static str, &'static str, String)>,
}

impl Sources {
    /// Those of this process, without flags.
    pub(crate) fn of_process() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self {
            environment: environment.collect(),
            ..Self::default()
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) value: Value,
    pub(crate) origin: String,
}

/// All values that are set, by option.
pub(crate) fn read(sources: &Sources) -> Result<BTreeMap<String, Given>, ConfigError> {
    let (fallbacks, variables) = environment(&sources.environment)?;
    let mut builder = Config::builder();
    let file = sources
        .file
        .as_deref()
        .or_else(|| Some(Path::new(STANDARD_FILE)).filter(|file| file.exists()));
    if let Some(file) = file {
        builder = builder.add_source(File::from(file).format(FileFormat::Toml));
    }
    for (_, values) in [&fallbacks, &variables] {
        builder = builder.add_source(source(values));
    }
    for (_, key, value) in &sources.flags {
        builder = builder
            .set_override(*key, value.as_str())
            .map_err(|error| unreadable(file, &error))?;
    }
    let merged = builder.build().map_err(|error| unreadable(file, &error))?;

    let mut values = BTreeMap::new();
    flatten(String::new(), merged.cache, &mut values);
    settle_secrets(&mut values, [&fallbacks, &variables])?;
    let mut origins = origins(&fallbacks, &variables, sources);
    add_up_origins(&fallbacks, &mut values, &mut origins);
    let given = values.into_iter().map(|(key, value)| {
        let from_file = || {
            value
                .origin()
                .map_or_else(|| STANDARD_FILE.to_owned(), str::to_owned)
        };
        let origin = origins.get(&key).cloned().unwrap_or_else(from_file);
        (key, Given { value, origin })
    });
    Ok(given.collect())
}

/// Of a secret and a list of secrets the one from the later source counts. In one source they contradict each other.
fn settle_secrets(
    values: &mut BTreeMap<String, Value>,
    variables: [&Variables; 2],
) -> Result<(), ConfigError> {
    if !values.contains_key(SECRET) || !values.contains_key(SECRETS) {
        return Ok(());
    }
    let source = |key: &str| {
        variables
            .iter()
            .rposition(|(origins, _)| origins.contains_key(key))
    };
    match source(SECRET).cmp(&source(SECRETS)) {
        Ordering::Less => drop(values.remove(SECRET)),
        Ordering::Greater => drop(values.remove(SECRETS)),
        Ordering::Equal => {
            let problem = "is set, and so is secret, which is a list of one";
            let fix = "remove secret, and add its value to secrets behind the current one, as 2:NEW,1:OLD";
            return Err(ConfigError::new(SECRETS, problem, fix));
        }
    }
    Ok(())
}

/// Better Auth trusts the origins of its variable beside those of its configuration, so they are added to ours.
fn add_up_origins(
    fallbacks: &Variables,
    values: &mut BTreeMap<String, Value>,
    origins: &mut HashMap<String, String>,
) {
    let Some(more) = fallbacks.1.get(&variable(TRUSTED_ORIGINS)) else {
        return;
    };
    let listed = |value: Value| <Vec<String>>::read(value);
    let Some(value) = values.get_mut(TRUSTED_ORIGINS) else {
        return;
    };
    // What is no list is reported later.
    let (Some(own), Some(more)) = (listed(value.clone()), listed(more.as_str().into())) else {
        return;
    };
    let missing: Vec<_> = more.into_iter().filter(|origin| !own.contains(origin)).collect();
    if missing.is_empty() {
        return;
    }
    let source = origins
        .get(TRUSTED_ORIGINS)
        .cloned()
        .or_else(|| value.origin().map(str::to_owned))
        .unwrap_or_else(|| STANDARD_FILE.to_owned());
    origins.insert(
        TRUSTED_ORIGINS.to_owned(),
        format!("{source}, {BETTER_AUTH_TRUSTED_ORIGINS}"),
    );
    value.kind = ValueKind::from([own, missing].concat());
}

/// Variables and what they hold, under the names the merging library knows them by.
type Variables = (HashMap<String, String>, HashMap<String, String>);

/// The fallbacks and our own variables: (variable behind an option, `DOORWARD_…` to value) each.
fn environment(all: &HashMap<String, String>) -> Result<(Variables, Variables), ConfigError> {
    let mut fallbacks = Variables::default();
    for (name, key) in FALLBACKS {
        if let Some((origin, value)) = variable_or_file(all, name, true)? {
            let value = match name {
                "PORT" => format!("0.0.0.0:{value}"),
                BETTER_AUTH_SECRETS if value.is_empty() => continue,
                _ => value,
            };
            if name == BETTER_AUTH_SECRETS {
                fallbacks.0.remove(SECRET);
                fallbacks.1.remove(&variable(SECRET));
            }
            fallbacks.0.insert(key.to_owned(), origin);
            fallbacks.1.insert(variable(key), value);
        }
    }
    let mut own = Variables::default();
    for entry in CATALOGUE.iter() {
        let name = entry.variable();
        if let Some((origin, value)) = variable_or_file(all, &name, entry.secret)? {
            own.0.insert(entry.key.to_owned(), origin);
            own.1.insert(name, value);
        }
    }
    let file_of_secret = |name: &str| {
        CATALOGUE
            .iter()
            .any(|entry| entry.secret && name == format!("{}_FILE", entry.variable()))
    };
    let unknown = all
        .iter()
        .filter(|(name, _)| name.starts_with("DOORWARD_") && !name.starts_with(TESTS));
    for (name, value) in unknown.filter(|(name, _)| !file_of_secret(name)) {
        let key = name[PREFIX.len() + 1..].to_lowercase().replace("__", ".");
        own.0.entry(key).or_insert_with(|| name.clone());
        own.1.entry(name.clone()).or_insert_with(|| value.clone());
    }
    Ok((fallbacks, own))
}

/// A variable's value, or what is in the file that `…_FILE` names.
fn variable_or_file(
    all: &HashMap<String, String>,
    name: &str,
    may_be_file: bool,
) -> Result<Option<(String, String)>, ConfigError> {
    let file_variable = format!("{name}_FILE");
    let path = all
        .get(&file_variable)
        .filter(|path| may_be_file && !path.is_empty());
    match (all.get(name), path) {
        (Some(_), Some(_)) => Err(ConfigError::new(
            name,
            format!("{file_variable} is set, too"),
            "keep one of them",
        )),
        (Some(value), None) => Ok(Some((name.to_owned(), value.clone()))),
        (None, Some(path)) => {
            let text = fs::read_to_string(path).map_err(|error| {
                ConfigError::new(
                    &*file_variable,
                    format!("cannot read {path:?}: {error}"),
                    "name a file the server may read",
                )
            })?;
            Ok(Some((
                file_variable,
                text.trim_end_matches(['\r', '\n']).to_owned(),
            )))
        }
        (None, None) => Ok(None),
    }
}

fn source(values: &HashMap<String, String>) -> config::Environment {
    config::Environment::with_prefix(PREFIX)
        .prefix_separator("_")
        .separator("__")
        .source(Some(values.clone()))
}

fn origins(fallbacks: &Variables, own: &Variables, sources: &Sources) -> HashMap<String, String> {
    let mut origins = fallbacks.0.clone();
    origins.extend(own.0.clone());
    origins.extend(
        sources
            .flags
            .iter()
            .map(|(flag, key, _)| ((*key).to_owned(), (*flag).to_owned())),
    );
    origins
}

fn flatten(path: String, value: Value, values: &mut BTreeMap<String, Value>) {
    let ValueKind::Table(table) = value.kind.clone() else {
        values.insert(path, value);
        return;
    };
    // A role that permits nothing is an empty table.
    if table.is_empty() && !path.is_empty() {
        values.insert(path, value);
        return;
    }
    for (name, value) in table {
        flatten(
            if path.is_empty() {
                name
            } else {
                format!("{path}.{name}")
            },
            value,
            values,
        );
    }
}

fn unreadable(file: Option<&Path>, error: &config::ConfigError) -> ConfigError {
    let name = file
        .unwrap_or_else(|| Path::new(STANDARD_FILE))
        .display()
        .to_string();
    // The parser shows the line at fault, in which a secret may stand (SK-1).
    match error {
        config::ConfigError::FileParse { cause, .. } => {
            let place = cause.to_string();
            let place = place.lines().next().unwrap_or_default().to_owned();
            ConfigError::new(name, format!("is not TOML: {place}"), "correct the file")
        }
        config::ConfigError::NotFound(_) => {
            ConfigError::new(name, "does not exist", "name an existing file with --config")
        }
        other => ConfigError::new(
            name,
            other.to_string(),
            "name an existing TOML file with --config",
        ),
    }
}

#[cfg(test)]
mod tests;
