use std::num::NonZeroUsize;

use doorward_application::settings::{Preset, Settings};
use doorward_domain::Secret;
use doorward_domain::redirect::Origin;
use doorward_web::configuration::{DatabaseSettings, HttpSettings};

use super::access::AccessDraft;
use super::fields::FieldsDraft;
use super::value::{HashingName, LogFormat, SecretUrl};

/// Every option as it is set, before the options are checked against each other.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct RawConfig {
    pub(crate) preset: Preset,
    pub(crate) settings: Settings,
    pub(crate) http: HttpSettings,
    pub(crate) database: DatabaseSettings,
    pub(crate) access: AccessDraft,
    pub(crate) fields: FieldsDraft,
    pub(crate) base_url: Option<String>,
    pub(crate) base_path: Option<String>,
    pub(crate) secret: Option<Secret<String>>,
    pub(crate) data_dir: String,
    pub(crate) database_url: Option<SecretUrl>,
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
        let http = HttpSettings::of(preset);
        Self {
            preset,
            settings: Settings::of(
                preset,
                Origin::loopback(http.listen.port()),
                "/api/auth".to_owned(),
            ),
            http,
            database: DatabaseSettings::of(preset),
            access: AccessDraft::default(),
            fields: FieldsDraft::default(),
            base_url: None,
            base_path: None,
            secret: None,
            data_dir: "doorward-data".to_owned(),
            database_url: None,
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
