use doorward_application::settings::{HashingSettings, Preset, Settings};
use doorward_domain::Secret;
use doorward_domain::redirect::Origin;
use doorward_web::configuration::{BreachCheckSettings, DatabaseSettings, HttpSettings, MetricsSettings};

use super::access::AccessDraft;
use super::fields::FieldsDraft;
use super::value::{LogFormat, SecretList, SecretUrl};

/// Every option as it is set, before the options are checked against each other.
///
/// Options are set in the settings themselves, which know their defaults. What stands beside them is the binary's own, or may be
/// unset where the configuration needs a value: the secret, where the data is, and the relay, which needs a sender.
#[derive(Clone, Debug)]
pub(crate) struct RawConfig {
    pub(crate) settings: Settings,
    pub(crate) http: HttpSettings,
    pub(crate) database: DatabaseSettings,
    pub(crate) hashing: HashingSettings,
    pub(crate) breach_check: BreachCheckSettings,
    pub(crate) metrics: MetricsSettings,
    pub(crate) access: AccessDraft,
    pub(crate) fields: FieldsDraft,
    pub(crate) base_url: Option<String>,
    pub(crate) base_path: Option<String>,
    pub(crate) secret: Option<Secret<String>>,
    pub(crate) secrets: Option<SecretList>,
    pub(crate) data_dir: String,
    pub(crate) database_url: Option<SecretUrl>,
    pub(crate) smtp_url: Option<SecretUrl>,
    pub(crate) mail_from: Option<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
}

impl RawConfig {
    /// The defaults of a preset.
    pub(crate) fn of(preset: Preset) -> Self {
        let http = HttpSettings::of(preset);
        Self {
            settings: Settings::of(
                preset,
                Origin::loopback(http.listen.port()),
                "/api/auth".to_owned(),
            ),
            http,
            database: DatabaseSettings::of(preset),
            hashing: HashingSettings::of(preset),
            breach_check: BreachCheckSettings::default(),
            metrics: MetricsSettings::default(),
            access: AccessDraft::default(),
            fields: FieldsDraft::default(),
            base_url: None,
            base_path: None,
            secret: None,
            secrets: None,
            data_dir: "doorward-data".to_owned(),
            database_url: None,
            smtp_url: None,
            mail_from: None,
            reply_to: None,
            log_level: "info".to_owned(),
            log_format: LogFormat::Text,
        }
    }
}
