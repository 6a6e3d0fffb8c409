//! The ports, answered by the adapters the configuration asks for.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use doorward_adapters::cache::{CacheInvalidatingStore, MemorySessionCache};
use doorward_adapters::crypto::{AeadSealer, JwtEmailTokens};
use doorward_adapters::email::{SmtpMailer, SmtpSettings, TerminalMailer};
use doorward_adapters::password::{
    CommonPasswordList, HashScheme, HasherSettings, Pepper, Peppers, PooledHasher,
};
use doorward_adapters::sea_orm::{ConnectOptions, ExtraColumns, SeaStore, connect};
use doorward_adapters::system::{SystemClock, SystemEntropy};
use doorward_application::hooks::Hooks;
use doorward_application::settings::Settings;
use doorward_application::{Context, Ports};
use doorward_domain::email::Mailer;
use doorward_domain::fields::FieldSpec;
use doorward_domain::session::{NoSessionCache, SessionCache};
use doorward_domain::{Entropy, Store};
use tokio::time::Instant;

use super::{StartError, StoreWrapper};
use crate::configuration::{Configuration, DatabaseSettings, HashingScheme, HashingSettings, MailSettings};

/// How long to wait before an unreachable database is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Opens the database, brings it up to date where that is wanted, and answers all ports.
pub(super) async fn context(
    configuration: &Configuration,
    hooks: Hooks,
    wrapper: Option<StoreWrapper>,
) -> Result<Context, StartError> {
    let settings = &configuration.settings;
    let store = open(&configuration.database)
        .await?
        .with_extra(extra_columns(settings));
    let outcome = if configuration.database.auto_migrate {
        store.migrate().await.map(|_| Vec::new())
    } else {
        store.pending().await
    };
    let missing = outcome.map_err(|error| StartError::Database(error.into()))?;
    if !missing.is_empty() {
        return Err(StartError::Schema(missing.join(", ")));
    }
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let secret = &configuration.secret;
    let store: Arc<dyn Store> = Arc::new(store);
    let store = wrapper.map_or_else(|| store.clone(), |wrap| wrap(store.clone()));
    let (store, session_cache) = remembering(store, configuration.session_memory);
    let ports = Ports {
        store,
        session_cache,
        hasher: Arc::new(hasher(&configuration.hashing, &entropy)?),
        common_passwords: Arc::new(CommonPasswordList),
        email_tokens: Arc::new(JwtEmailTokens::new(secret)),
        sealer: Arc::new(AeadSealer::new(secret, "outbox", entropy.clone())),
        clock: Arc::new(SystemClock),
        entropy,
        hooks,
        second_factors: Vec::new(),
    };
    Ok(Context::new(ports, configuration.settings.clone()))
}

/// The columns of the application's fields.
fn extra_columns(settings: &Settings) -> ExtraColumns {
    let of = |specs: &[FieldSpec]| specs.iter().map(|spec| (spec.name.clone(), spec.kind)).collect();
    ExtraColumns {
        user: of(&settings.user_fields),
        session: of(&settings.session_fields),
    }
}

/// A store and what is remembered of it for at most `max_age`.
fn remembering(store: Arc<dyn Store>, max_age: Duration) -> (Arc<dyn Store>, Arc<dyn SessionCache>) {
    if max_age.is_zero() {
        return (store, Arc::new(NoSessionCache));
    }
    let cache = Arc::new(MemorySessionCache::new(max_age));
    (Arc::new(CacheInvalidatingStore::new(store, cache.clone())), cache)
}

/// Whether ports can be made of the configuration, as far as that can be told without the database.
pub fn check(configuration: &Configuration) -> Result<(), StartError> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    hasher(&configuration.hashing, &entropy)?;
    mailer(configuration.mail.as_ref())?;
    Ok(())
}

/// Brings the database up to date and answers the names of the steps it took.
pub async fn migrate(configuration: &Configuration) -> Result<Vec<String>, StartError> {
    let columns = extra_columns(&configuration.settings);
    let store = open(&configuration.database).await?.with_extra(columns);
    store
        .migrate()
        .await
        .map_err(|error| StartError::Database(error.into()))
}

/// Who sends emails: the relay, or without one the terminal.
pub(super) fn mailer(settings: Option<&MailSettings>) -> Result<Arc<dyn Mailer>, StartError> {
    let Some(settings) = settings else {
        return Ok(Arc::new(TerminalMailer::stdout()));
    };
    let (url, from, reply_to) = (
        settings.smtp_url.clone(),
        settings.from.clone(),
        settings.reply_to.clone(),
    );
    let mailer = SmtpMailer::new(&SmtpSettings { url, from, reply_to }, Arc::new(SystemClock));
    Ok(Arc::new(mailer.map_err(|error| StartError::Configuration {
        option: "mail",
        cause: error.into(),
    })?))
}

/// Opens the database. One that cannot be reached is tried again for the configured time.
async fn open(settings: &DatabaseSettings) -> Result<SeaStore, StartError> {
    let deadline = Instant::now() + settings.connect_timeout;
    let options = ConnectOptions {
        url: settings.url.clone(),
        max_connections: settings.max_connections,
    };
    loop {
        let error = match connect(&options).await {
            Ok(store) => match store.ping().await {
                Ok(()) => return Ok(store),
                Err(error) => error.into(),
            },
            Err(error) if error.is_unavailable() => error.into(),
            Err(error) => return Err(StartError::Database(error.into())),
        };
        if Instant::now() + RETRY_PAUSE > deadline {
            return Err(StartError::Database(error));
        }
        tracing::warn!(%error, "the database cannot be reached, trying again");
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

fn hasher(settings: &HashingSettings, entropy: &Arc<dyn Entropy>) -> Result<PooledHasher, StartError> {
    let scheme = match settings.scheme {
        HashingScheme::Argon2id {
            memory_kib,
            iterations,
            parallelism,
        } => HashScheme::Argon2id {
            memory_kib,
            iterations,
            parallelism,
        },
        HashingScheme::BetterAuthScrypt => HashScheme::BetterAuthScrypt,
    };
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let threads = settings.threads.unwrap_or(cores);
    let refused = |cause| StartError::Configuration {
        option: "password",
        cause,
    };
    let peppers = settings
        .peppers
        .iter()
        .map(Pepper::parse)
        .collect::<Result<_, _>>();
    let peppers = peppers
        .and_then(Peppers::new)
        .map_err(|error| refused(error.into()))?;
    let limits = HasherSettings {
        scheme,
        threads,
        queue: settings.queue_per_thread * threads.get(),
    };
    PooledHasher::with_peppers(limits, peppers, entropy.clone()).map_err(|error| refused(error.into()))
}
