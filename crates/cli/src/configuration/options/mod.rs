//! Every option there is: its name, its place and what it means. What is not listed here is not an option.

mod access;
mod server;
mod users;

use std::sync::LazyLock;

use config::Value;

use super::raw_config::RawConfig;
use super::value::OptionValue;

type Read = Box<dyn Fn(&mut RawConfig, Value) -> bool + Send + Sync>;
type Show = Box<dyn Fn(&mut RawConfig) -> String + Send + Sync>;

/// One option.
pub(crate) struct Entry {
    /// The name, with dots between sections.
    pub(crate) key: &'static str,
    /// What it means.
    pub(crate) about: &'static str,
    /// What its value must be.
    pub(crate) expected: fn() -> String,
    /// Whether its value may be read from a file that `…_FILE` names.
    pub(crate) secret: bool,
    read: Read,
    show: Show,
}

impl Entry {
    fn new<T: OptionValue + 'static>(
        key: &'static str,
        place: fn(&mut RawConfig) -> &mut T,
        about: &'static str,
    ) -> Self {
        let read =
            move |config: &mut RawConfig, value| T::read(value).map(|value| *place(config) = value).is_some();
        let show = move |config: &mut RawConfig| place(config).show();
        Self {
            key,
            about,
            expected: T::expected,
            secret: T::SECRET,
            read: Box::new(read),
            show: Box::new(show),
        }
    }

    /// Sets the option. False if the value is none for it.
    pub(crate) fn set(&self, config: &mut RawConfig, value: Value) -> bool {
        (self.read)(config, value)
    }

    /// The value as it would stand in the file.
    pub(crate) fn show(&self, config: &RawConfig) -> String {
        (self.show)(&mut config.clone())
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        variable(self.key)
    }
}

/// The environment variable of an option.
pub(crate) fn variable(key: &str) -> String {
    format!("DOORWARD_{}", key.replace('.', "__").to_uppercase())
}

/// All options, in the order in which they are shown: by section, general ones first.
pub(crate) static CATALOGUE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut entries = server::general();
    entries.extend(users::signing_in());
    entries.extend(users::passwords());
    entries.extend(users::sessions());
    entries.extend(users::users());
    entries.extend(access::administration());
    entries.extend(access::audit());
    entries.extend(server::wire());
    entries.extend(server::security());
    entries.extend(access::security());
    entries.extend(server::sources());
    entries
});

/// The option of that name.
pub(crate) fn find(key: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.key == key)
}

/// The known name most like this one.
pub(crate) fn nearest(key: &str) -> &'static str {
    let likeness = |entry: &&Entry| strsim::jaro_winkler(entry.key, key);
    let nearest = CATALOGUE
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.map_or("preset", |entry| entry.key)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use doorward_application::settings::Preset;

    use super::*;

    #[test]
    fn no_option_is_listed_twice_and_none_hides_another() {
        let keys: HashSet<_> = CATALOGUE.iter().map(|entry| entry.key).collect();
        assert_eq!(keys.len(), CATALOGUE.len());
        for entry in CATALOGUE.iter() {
            assert!(
                !keys.iter().any(|key| key.starts_with(&format!("{}.", entry.key))),
                "{}",
                entry.key
            );
        }
    }

    #[test]
    fn every_default_can_be_written_into_the_file() {
        for preset in [Preset::Hardened, Preset::BetterAuth] {
            let defaults = RawConfig::of(preset);
            for entry in CATALOGUE.iter() {
                let shown = entry.show(&defaults);
                if shown == "unset" {
                    continue;
                }
                let text = config::File::from_str(&format!("value = {shown}"), config::FileFormat::Toml);
                let file = config::Config::builder().add_source(text).build().unwrap();
                let mut config = defaults.clone();
                assert!(
                    entry.set(&mut config, file.get("value").unwrap()),
                    "{} = {shown}",
                    entry.key
                );
                assert_eq!(entry.show(&config), shown, "{}", entry.key);
            }
        }
    }

    #[test]
    fn each_option_has_a_place_of_its_own() {
        let flags = ["true", "false"];
        let samples = [
            "7",
            "better-auth",
            "hardened",
            "clear",
            "digest",
            "soft",
            "hard",
            "utf-16",
            "code-points",
            "jwe",
            "json",
            "ignore",
            "database",
        ];
        let samples =
            samples
                .iter()
                .chain(&flags)
                .chain(&["scrypt", "argon2id", "text", "127.0.0.1:7", "sample"]);
        for entry in CATALOGUE.iter() {
            let defaults = RawConfig::of(Preset::Hardened);
            let changed = samples.clone().find_map(|sample| {
                let mut config = defaults.clone();
                let read = entry.set(&mut config, Value::from(*sample));
                (read && entry.show(&config) != entry.show(&defaults)).then_some(config)
            });
            let config = changed.unwrap_or_else(|| panic!("{} cannot be changed", entry.key));
            for other in CATALOGUE.iter().filter(|other| other.key != entry.key) {
                assert_eq!(
                    other.show(&config),
                    other.show(&defaults),
                    "{} changes {}",
                    entry.key,
                    other.key
                );
            }
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        assert_eq!(
            nearest("email_and_password.min_pasword_lenght"),
            "email_and_password.min_password_length"
        );
        assert_eq!(nearest("trusted_origin"), "trusted_origins");
        assert_eq!(nearest("database_url"), "database.url");
    }
}
