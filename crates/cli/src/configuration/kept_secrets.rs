//! The secrets of the data directory, and how they are replaced.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use doorward_domain::{Key, KeyId, Keyring, Secret};

use super::ConfigError;

/// What begins a file with a line for each secret. A file without it holds one secret and nothing else.
const HEADER: &str = "# doorward secrets, the current one first: id, made, replaced, secret";
/// What stands for a moment that was not yet.
const NEVER: &str = "-";

/// A secret of the data directory.
#[derive(Clone, Debug)]
pub(crate) struct KeptKey {
    pub(crate) key: Key,
    /// When it was made.
    pub(crate) made_at: DateTime<Utc>,
    /// When another one became current in its place.
    pub(crate) replaced_at: Option<DateTime<Utc>>,
}

/// The secrets of the data directory, the current one first.
#[derive(Clone, Debug)]
pub(crate) struct KeptSecrets(Vec<KeptKey>);

/// What a rotation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// There is a new secret, which verifies and opens; the current one is the same as before.
    Prepared(KeyId),
    /// A secret is current now, and another was before.
    Replaced { current: KeyId, previous: KeyId },
}

impl KeptSecrets {
    /// What a file says that was written at that moment.
    pub(crate) fn parse(text: &Secret<String>, written_at: DateTime<Utc>) -> Result<Self, ConfigError> {
        let text = text.expose().trim_end();
        let Some(lines) = text.strip_prefix(HEADER) else {
            let key = Key {
                id: KeyId::FIRST,
                secret: Secret::new(text.to_owned()),
            };
            return Ok(Self(vec![KeptKey {
                key,
                made_at: written_at,
                replaced_at: None,
            }]));
        };
        let keys = (2..).zip(lines.lines().skip(1)).map(|(number, line)| {
            read_line(line).ok_or_else(|| {
                let problem =
                    format!("line {number} of the file of secrets is not `ID MADE REPLACED SECRET`");
                ConfigError::new("secrets", problem, "restore the file from a backup")
            })
        });
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// The same as a file.
    pub(super) fn to_text(&self) -> Secret<String> {
        let mut text = format!("{HEADER}\n");
        for kept in &self.0 {
            let Key { id, secret } = &kept.key;
            let (made, replaced) = (shown(kept.made_at), kept.replaced_at.map(shown));
            let replaced = replaced.as_deref().unwrap_or(NEVER);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{id} {made} {replaced} {}", secret.expose());
        }
        Secret::new(text)
    }

    /// As the server uses them.
    pub(crate) fn keyring(&self) -> Result<Keyring, ConfigError> {
        Keyring::new(self.0.iter().map(|kept| kept.key.clone())).map_err(|error| {
            ConfigError::new(
                "secrets",
                format!("in the file of secrets {error}"),
                "restore the file from a backup",
            )
        })
    }

    /// The secret of that id.
    pub(crate) fn find(&self, id: KeyId) -> Option<&KeptKey> {
        self.0.iter().find(|kept| kept.key.id == id)
    }

    /// Makes another secret current: the one that was prepared, or else this new one. With `only_prepare` it comes behind the
    /// current one, unless one was prepared before.
    pub(super) fn rotate(
        &mut self,
        fresh: Secret<String>,
        only_prepare: bool,
        now: DateTime<Utc>,
    ) -> Result<Rotation, ConfigError> {
        let prepared = self.0.iter().skip(1).position(|kept| kept.replaced_at.is_none());
        let place = match prepared {
            Some(place) => place + 1,
            None => self.add(fresh, now)?,
        };
        if only_prepare {
            return Ok(Rotation::Prepared(self.0[place].key.id));
        }
        let next = self.0.remove(place);
        let current = next.key.id;
        let Some(previous) = self.0.first_mut() else {
            return Err(nothing_kept());
        };
        previous.replaced_at = Some(now);
        let previous = previous.key.id;
        self.0.insert(0, next);
        Ok(Rotation::Replaced { current, previous })
    }

    /// Adds a secret behind the others, and answers its place.
    fn add(&mut self, secret: Secret<String>, now: DateTime<Utc>) -> Result<usize, ConfigError> {
        if self.0.iter().any(|kept| kept.key.secret.expose().contains('\n')) {
            let problem = "the secret has more than one line, which cannot be kept beside others";
            let fix = "write the secrets into a file of your own, and name it in DOORWARD_SECRETS_FILE";
            return Err(ConfigError::new("secret", problem, fix));
        }
        let greatest = self.0.iter().map(|kept| kept.key.id).max();
        let id = greatest.map_or(Some(KeyId::FIRST), KeyId::next);
        let no_id = || ConfigError::new("secrets", "no id is left", "remove the one with the greatest id");
        self.0.push(KeptKey {
            key: Key {
                id: id.ok_or_else(no_id)?,
                secret,
            },
            made_at: now,
            replaced_at: None,
        });
        Ok(self.0.len() - 1)
    }

    /// Removes a secret that is not current.
    pub(super) fn remove(&mut self, id: KeyId) -> Result<(), ConfigError> {
        let Some(place) = self.0.iter().position(|kept| kept.key.id == id) else {
            let problem = format!("there is none with the id {id}");
            return Err(ConfigError::new("secrets", problem, "see `doorward secret list`"));
        };
        if place == 0 {
            let problem = format!("the one with the id {id} is current: it signs and seals");
            return Err(ConfigError::new(
                "secrets",
                problem,
                "replace it first: doorward secret rotate",
            ));
        }
        self.0.remove(place);
        Ok(())
    }
}

/// What to say where a secret is wanted and none is kept.
pub(super) fn nothing_kept() -> ConfigError {
    ConfigError::new(
        "secret",
        "there is none yet in the data directory",
        "start the server once, which makes one, or name the directory with --data-dir",
    )
}

/// A moment for people and files.
pub(crate) fn shown(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn read_line(line: &str) -> Option<KeptKey> {
    let mut parts = line.splitn(4, ' ');
    let id = KeyId::parse(parts.next()?)?;
    let made_at = parts.next()?.parse().ok()?;
    let replaced_at = match parts.next()? {
        NEVER => None,
        moment => Some(moment.parse().ok()?),
    };
    let secret = Secret::new(parts.next()?.to_owned());
    Some(KeptKey {
        key: Key { id, secret },
        made_at,
        replaced_at,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn moment() -> DateTime<Utc> {
        DateTime::from_timestamp_secs(1_790_000_000).unwrap()
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn ids(kept: &KeptSecrets) -> Vec<String> {
        let keys = kept.keyring().unwrap();
        keys.keys()
            .map(|key| format!("{}:{}", key.id, key.secret.expose()))
            .collect()
    }

    #[test]
    fn kr_2_a_secret_alone_is_the_first_and_stays_when_it_is_replaced() {
        let mut kept = KeptSecrets::parse(&secret("old one \n"), moment()).unwrap();
        assert_eq!(ids(&kept), ["1:old one"]);
        let later = moment() + TimeDelta::days(1);
        let rotation = kept.rotate(secret("new"), false, later).unwrap();
        let (current, previous) = (KeyId::new(2), KeyId::FIRST);
        assert_eq!(rotation, Rotation::Replaced { current, previous });
        let read = KeptSecrets::parse(&kept.to_text(), later).unwrap();
        assert_eq!(ids(&read), ["2:new", "1:old one"]);
        let old = read.find(previous).unwrap();
        assert_eq!((old.made_at, old.replaced_at), (moment(), Some(later)));
        assert_eq!(read.find(current).unwrap().made_at, later);
    }

    #[test]
    fn kr_2_a_prepared_secret_becomes_current_at_the_next_rotation() {
        let mut kept = KeptSecrets::parse(&secret("old"), moment()).unwrap();
        for _ in 0..2 {
            let prepared = kept.rotate(secret("new"), true, moment()).unwrap();
            assert_eq!(prepared, Rotation::Prepared(KeyId::new(2)));
            assert_eq!(ids(&kept), ["1:old", "2:new"]);
        }
        kept.rotate(secret("unused"), false, moment()).unwrap();
        assert_eq!(ids(&kept), ["2:new", "1:old"]);
        kept.rotate(secret("third"), false, moment()).unwrap();
        assert_eq!(ids(&kept), ["3:third", "2:new", "1:old"]);
    }

    #[test]
    fn only_a_secret_that_is_not_current_is_removed() {
        let mut kept = KeptSecrets::parse(&secret("old"), moment()).unwrap();
        assert!(kept.remove(KeyId::FIRST).is_err());
        kept.rotate(secret("new"), false, moment()).unwrap();
        assert!(kept.remove(KeyId::new(2)).is_err());
        assert!(kept.remove(KeyId::new(3)).is_err());
        kept.remove(KeyId::FIRST).unwrap();
        assert_eq!(ids(&kept), ["2:new"]);
    }

    #[test]
    fn sk_1_a_damaged_file_is_refused_without_showing_it() {
        for line in [
            "hunter2",
            "1 hunter2",
            "1 2026-01-02T03:04:05Z hunter2",
            "x - - hunter2",
        ] {
            let text = secret(&format!("{HEADER}\n1 2026-01-02T03:04:05Z - abc\n{line}\n"));
            let problem = KeptSecrets::parse(&text, moment()).unwrap_err().to_string();
            assert!(
                problem.contains("line 3") && !problem.contains("hunter2"),
                "{problem}"
            );
        }
        let twice = format!("{HEADER}\n1 2026-01-02T03:04:05Z - a\n1 2026-01-02T03:04:05Z - b\n");
        let kept = KeptSecrets::parse(&secret(&twice), moment()).unwrap();
        assert!(kept.keyring().is_err());
        assert!(
            KeptSecrets::parse(&secret(HEADER), moment())
                .unwrap()
                .keyring()
                .is_err()
        );
    }

    #[test]
    fn a_secret_of_several_lines_is_not_kept_beside_others() {
        let mut kept = KeptSecrets::parse(&secret("one\ntwo"), moment()).unwrap();
        assert!(kept.rotate(secret("new"), false, moment()).is_err());
        assert_eq!(ids(&kept), ["1:one\ntwo"]);
    }
}
