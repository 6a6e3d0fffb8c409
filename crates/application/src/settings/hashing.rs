use std::num::NonZeroUsize;

use doorward_domain::Secret;
use doorward_domain::password::{Argon2Parameters, HashScheme};

use super::{InvalidSetting, Preset};

/// `[password]`, as far as it is about hashing: what the hasher is made from.
#[derive(Clone, Debug)]
pub struct HashingSettings {
    /// The algorithm of new hashes. Older ones verify all the same.
    pub scheme: HashScheme,
    /// What new hashes cost, if they are Argon2id.
    pub argon2: Argon2Parameters,
    /// Keys mixed into passwords before they are hashed, each `id:key`, the present one first (PW-11). Argon2id only.
    pub peppers: Vec<Secret<String>>,
    /// Hashes computed at a time; unset means one a core (RE-7).
    pub threads: Option<NonZeroUsize>,
    /// Requests that may wait for one, per thread (RE-8).
    pub queue_per_thread: usize,
    /// Whether a refusal takes as long whatever hash is stored (EN-3).
    pub equal_refusals: bool,
}

impl HashingSettings {
    /// The defaults of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        Self {
            scheme: match preset {
                Preset::Hardened => HashScheme::Argon2id,
                Preset::BetterAuth => HashScheme::BetterAuthScrypt,
            },
            argon2: Argon2Parameters::default(),
            peppers: Vec::new(),
            threads: None,
            queue_per_thread: 8,
            equal_refusals: preset == Preset::Hardened,
        }
    }

    /// Refuses settings that contradict each other. The hasher refuses parameters that are weak.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.peppers.is_empty() && self.scheme == HashScheme::BetterAuthScrypt {
            return Err(InvalidSetting::new(
                "password.peppers",
                "only Argon2id hashes can say which pepper they were made with",
                "remove it, or set password.scheme = \"argon2id\"",
            ));
        }
        Ok(())
    }
}
