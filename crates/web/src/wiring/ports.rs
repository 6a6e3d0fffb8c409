//! The ports, answered by the adapters the configuration asks for.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use doorward_adapters::cache::{CacheInvalidatingStore, MemorySessionCache};
use doorward_adapters::crypto::{AeadSealer, HmacSigner, JwtEmailTokens};
use doorward_adapters::email::{SmtpMailer, TerminalMailer};
use doorward_adapters::memory::MemoryRateLimiter;
use doorward_adapters::metrics::ServerMetrics;
use doorward_adapters::outgoing::OutgoingUrl;
use doorward_adapters::password::{
    CommonPasswordList, HasherSettings, Pepper, Peppers, PooledHasher, RangeQuery,
};
use doorward_adapters::sea_orm::schema::{
    Changes, SchemaCheck, SchemaReport, enrolled_second_factors, has_passwords, users_without_password,
};
use doorward_adapters::sea_orm::{
    ConnectOptions, DriverError, ExtraColumns, SeaRateLimiter, SeaStore, connect, schema,
};
use doorward_adapters::system::{SystemClock, SystemEntropy};
use doorward_application::Ports;
use doorward_application::settings::{HashingSettings, Settings};
use doorward_domain::email::Mailer;
use doorward_domain::fields::FieldSpec;
use doorward_domain::metrics::NoMetrics;
use doorward_domain::password::BreachedPasswords;
use doorward_domain::rate_limit::RateLimiter;
use doorward_domain::session::{NoSessionCache, SessionCache, TokenStorage};
use doorward_domain::{BoxError, Clock, Entropy, ErrorChain, Store};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tokio::time::Instant;

use super::key_check::check_keys;
use super::{AppFactory, Extensions, StartError, Watched, modules};
use crate::configuration::{
    BreachCheckSettings, Configuration, MailSettings, RateLimitSettings, RateLimitStorage, short_keys,
};

/// How long to wait before an unreachable database is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What a server is put together for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To serve.
    Serving,
    /// For one command, which may have another secret than the servers.
    Command,
}

/// Opens the database, brings it up to date where that is wanted, and puts the server together.
///
/// The future is boxed: those of migrations nest so deeply that the compiler gives up on what awaits them unboxed.
pub(super) fn open(
    configuration: &Configuration,
    extensions: Extensions,
    purpose: Purpose,
) -> LocalBoxFuture<'_, Result<AppFactory, StartError>> {
    open_app(configuration, extensions, purpose).boxed_local()
}

async fn open_app(
    configuration: &Configuration,
    extensions: Extensions,
    purpose: Purpose,
) -> Result<AppFactory, StartError> {
    configuration.validate()?;
    let modules = modules(&configuration.settings, extensions.modules)?;
    for key in short_keys(&configuration.secrets) {
        tracing::warn!(
            id = %key.id,
            "the secret has fewer than 32 bytes: who sees a cookie may find it by trying"
        );
    }
    if lacks_proxy(configuration) {
        tracing::warn!(
            "rate limits count all clients as one: the server is behind a proxy that advanced.ip_address.trusted_proxies does \
             not name"
        );
    }
    let changes = if configuration.database.auto_migrate {
        Changes::Missing
    } else {
        Changes::Nothing
    };
    let (store, report) = open_fit(configuration, changes).await?;
    let store = store.with_modules(modules.migrations());
    announce(configuration, &store, &report).await?;
    let outcome = if configuration.database.auto_migrate {
        bring_up_to_date(&store).await.map(|_| Vec::new())
    } else {
        let pending = store.pending().await;
        pending.map_err(|error| StartError::Database(error.into()))
    };
    let missing = outcome?;
    if !missing.is_empty() {
        return Err(StartError::Schema(missing.join(", ")));
    }
    let keys = &configuration.secrets;
    if purpose == Purpose::Serving {
        check_keys(keys, &store).await?;
    }
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let rate_limiter = rate_limiter(&configuration.http.rate_limit, &store, &entropy).await?;
    let counts = purpose == Purpose::Serving && configuration.metrics.enabled;
    let pool = store.watch_pool();
    let store: Arc<dyn Store> = Arc::new(store);
    let store = match extensions.store {
        Some(wrap) => wrap(store),
        None => store,
    };
    let max_age = configuration.database.session_memory;
    let cache = (!max_age.is_zero()).then(|| session_cache(max_age, counts));
    let (store, session_cache) = remembering(store, cache.as_ref());
    let hasher = Arc::new(hasher(&configuration.hashing, &entropy)?);
    let metrics = counts.then(|| Arc::new(ServerMetrics::new(env!("CARGO_PKG_VERSION"), SystemClock.now())));
    let ports = Ports {
        store,
        session_cache,
        hasher: hasher.clone(),
        common_passwords: Arc::new(CommonPasswordList),
        breached_passwords: breached_passwords(&configuration.breach_check)?,
        email_tokens: Arc::new(JwtEmailTokens::new(keys)),
        sealer: Arc::new(AeadSealer::new(keys, "outbox", entropy.clone())),
        signer: Arc::new(HmacSigner::new(keys, "audit", entropy.clone())),
        clock: Arc::new(SystemClock),
        entropy,
        rate_limiter,
        metrics: match &metrics {
            Some(metrics) => metrics.clone(),
            None => Arc::new(NoMetrics),
        },
        hooks: extensions.hooks,
        second_factors: Vec::new(),
    };
    let context = modules.context(ports, configuration.settings.clone())?;
    let app = AppFactory::new(&context, &configuration.http, keys, modules)?;
    let Some(metrics) = metrics else {
        return Ok(app);
    };
    let watched = Watched {
        hasher: Some(hasher),
        pool: Some(pool),
        session_cache: cache,
    };
    Ok(app.measured(metrics, watched))
}

/// Whether all requests come from a proxy on this machine that is not trusted to say from where.
fn lacks_proxy(configuration: &Configuration) -> bool {
    let http = &configuration.http;
    http.rate_limit.enabled
        && http.listen.ip().is_loopback()
        && !configuration.settings.base_url.is_loopback()
        && http.client_address.trusted_proxies.is_empty()
        && !http.client_address.believe_any_peer
}

/// Who counts requests. A table that cannot be used is refused at once: counting in memory in its place would go unnoticed.
async fn rate_limiter(
    settings: &RateLimitSettings,
    store: &SeaStore,
    entropy: &Arc<dyn Entropy>,
) -> Result<Arc<dyn RateLimiter>, StartError> {
    if !settings.enabled || settings.storage == RateLimitStorage::Memory {
        return Ok(Arc::new(MemoryRateLimiter::new()));
    }
    let limiter = SeaRateLimiter::new(store, entropy.clone());
    limiter.check().await.map_err(|error| StartError::Configuration {
        option: "rate_limit.storage",
        cause: format!(
            "the table rateLimit cannot be used: {}. It takes the columns id, key, count, lastRequest, and a unique index on key",
            ErrorChain(&error)
        )
        .into(),
    })?;
    Ok(Arc::new(limiter))
}

/// The columns of the application's fields.
fn extra_columns(settings: &Settings) -> ExtraColumns {
    let of = |specs: &[FieldSpec]| {
        specs
            .iter()
            .map(|spec| (spec.name.to_string(), spec.kind))
            .collect()
    };
    ExtraColumns {
        user: of(&settings.user_fields),
        session: of(&settings.session_fields),
    }
}

/// A cache of sessions for at most `max_age`, which measures how old is what it tells if somebody wants to know.
fn session_cache(max_age: Duration, is_measured: bool) -> Arc<MemorySessionCache> {
    let cache = MemorySessionCache::new(max_age);
    Arc::new(if is_measured { cache.measured() } else { cache })
}

/// A store and what is remembered of it, if anything is.
fn remembering(
    store: Arc<dyn Store>,
    cache: Option<&Arc<MemorySessionCache>>,
) -> (Arc<dyn Store>, Arc<dyn SessionCache>) {
    match cache {
        Some(cache) => {
            let store = CacheInvalidatingStore::new(store, cache.clone());
            (Arc::new(store), cache.clone())
        }
        None => (store, Arc::new(NoSessionCache)),
    }
}

/// Whether the configuration is valid and ports can be made of it, as far as that can be told without the database.
pub fn check(configuration: &Configuration) -> Result<(), StartError> {
    configuration.validate()?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    hasher(&configuration.hashing, &entropy)?;
    mailer(configuration.mail.as_ref())?;
    breached_passwords(&configuration.breach_check)?;
    Ok(())
}

/// Opens the database, unless its rows would be misread. Nothing is changed before that is known.
async fn open_fit(
    configuration: &Configuration,
    changes: Changes,
) -> Result<(SeaStore, SchemaReport), StartError> {
    let extra = extra_columns(&configuration.settings);
    let check = SchemaCheck {
        extra: &extra,
        changes,
    };
    let unfit = |error| StartError::Database(BoxError::from(error));
    check
        .require_file(&connect_options(configuration))
        .await
        .map_err(unfit)?;
    let store = open_database(configuration).await?;
    let report = check.require(store.connection()).await.map_err(unfit)?;
    Ok((store.with_extra(extra), report))
}

/// Says what an operator should know of a database that others made.
async fn announce(
    configuration: &Configuration,
    store: &SeaStore,
    report: &SchemaReport,
) -> Result<(), StartError> {
    let failed = |error| StartError::Database(DriverError::from(error).into());
    if report.other_tables > 0 {
        tracing::info!(
            tables = report.other_tables,
            "the database has tables of others, which are left alone"
        );
    }
    let enrolled = enrolled_second_factors(store.connection())
        .await
        .map_err(failed)?;
    if let Some(users) = enrolled.filter(|users| *users > 0) {
        tracing::warn!(
            users,
            "users have a second factor, which this version does not ask for"
        );
    }
    let are_off = !configuration.settings.email_and_password.enabled;
    if are_off && has_passwords(store.connection()).await.map_err(failed)? {
        tracing::warn!(
            "users have a password and cannot sign in by it: email_and_password.enabled is false, as it is under \
             preset = \"better-auth\" until it is set"
        );
    }
    if !report.is_taken_over {
        return Ok(());
    }
    let without = users_without_password(store.connection()).await.map_err(failed)?;
    if without.passkey > 0 || without.social > 0 {
        tracing::warn!(
            passkey = without.passkey,
            social = without.social,
            "users have no password and sign in by what this version does not offer"
        );
    }
    if configuration.settings.security.tokens_at_rest == TokenStorage::Digest {
        tracing::warn!(
            "this is a database of Better Auth, and the preset is hardened: what is written from now on Better Auth cannot \
             read; with preset = \"better-auth\" there is a way back"
        );
    }
    Ok(())
}

/// Brings the database up to date and answers the names of the steps it took. With `new_tables` they are made although
/// others look like them.
pub async fn migrate(
    configuration: &Configuration,
    extensions: Extensions,
    new_tables: bool,
) -> Result<Vec<String>, StartError> {
    configuration.validate()?;
    let modules = modules(&configuration.settings, extensions.modules)?;
    let (store, _) = open_fit(configuration, changes_with(new_tables)).await?;
    let store = store.with_modules(modules.migrations());
    bring_up_to_date(&store).await
}

/// Whether the database has users. One that would be misread is refused, as by [`migrate`].
pub async fn has_users(configuration: &Configuration, new_tables: bool) -> Result<bool, StartError> {
    let (store, _) = open_fit(configuration, changes_with(new_tables)).await?;
    let failed = |error| StartError::Database(DriverError::from(error).into());
    let connection = store.connection();
    let has_users = schema::has_users(connection).await.map_err(failed)?;
    connection.clone().close().await.map_err(failed)?;
    Ok(has_users)
}

/// Opens the database for a look. One that would be misread is refused.
pub(super) async fn open_to_look(configuration: &Configuration) -> Result<SeaStore, StartError> {
    open_fit(configuration, Changes::Missing)
        .await
        .map(|(store, _)| store)
}

/// The clock that servers go by.
#[must_use]
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

const fn changes_with(new_tables: bool) -> Changes {
    if new_tables {
        Changes::BesideLookalikes
    } else {
        Changes::Missing
    }
}

fn bring_up_to_date(store: &SeaStore) -> LocalBoxFuture<'_, Result<Vec<String>, StartError>> {
    let migrating = async {
        let outcome = store.migrate().await;
        outcome.map_err(|error| StartError::Database(error.into()))
    };
    migrating.boxed_local()
}

/// Who sends emails: the relay, or without one the terminal.
pub(super) fn mailer(settings: Option<&MailSettings>) -> Result<Arc<dyn Mailer>, StartError> {
    let Some(settings) = settings else {
        return Ok(Arc::new(TerminalMailer::stdout()));
    };
    let reply_to = settings.reply_to.as_deref();
    let mailer = SmtpMailer::new(
        &settings.smtp_url,
        &settings.from,
        reply_to,
        Arc::new(SystemClock),
    );
    Ok(Arc::new(mailer.map_err(|error| StartError::Configuration {
        option: "mail",
        cause: error.into(),
    })?))
}

fn connect_options(configuration: &Configuration) -> ConnectOptions {
    ConnectOptions {
        url: configuration.database_url.clone(),
        max_connections: configuration.database.max_connections,
    }
}

/// Opens the database. One that cannot be reached is tried again for the configured time.
async fn open_database(configuration: &Configuration) -> Result<SeaStore, StartError> {
    let deadline = Instant::now() + configuration.database.connect_timeout;
    let options = connect_options(configuration);
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
        tracing::warn!(error = %ErrorChain(&*error), "the database cannot be reached, trying again");
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

fn hasher(settings: &HashingSettings, entropy: &Arc<dyn Entropy>) -> Result<PooledHasher, StartError> {
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
        scheme: settings.scheme,
        argon2: settings.argon2,
        threads,
        queue: settings.queue_per_thread * threads.get(),
        equal_refusals: settings.equal_refusals,
    };
    PooledHasher::with_peppers(limits, peppers, entropy.clone()).map_err(|error| refused(error.into()))
}

/// Who knows which passwords became known, if somebody is asked.
fn breached_passwords(
    settings: &BreachCheckSettings,
) -> Result<Option<Arc<dyn BreachedPasswords>>, StartError> {
    if !settings.enabled {
        return Ok(None);
    }
    let refused = |cause| StartError::Configuration {
        option: BreachCheckSettings::URL,
        cause,
    };
    let url = OutgoingUrl::parse(&settings.url).map_err(|error| refused(error.into()))?;
    let query = RangeQuery::new(url, RangeQuery::TIMEOUT).map_err(|error| refused(error.into()))?;
    Ok(Some(Arc::new(query)))
}
