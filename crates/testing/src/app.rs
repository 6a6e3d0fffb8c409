use std::future::pending;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use async_trait::async_trait;
use doorward_adapters::crypto::{AeadSealer, HmacSigner, JwtEmailTokens};
use doorward_adapters::memory::{MemoryRateLimiter, MemoryStore};
use doorward_adapters::metrics::ServerMetrics;
use doorward_adapters::password::{CommonPasswordList, HasherSettings, PooledHasher};
use doorward_application::email::{DeliverMail, Delivery};
use doorward_application::hooks::Hooks;
use doorward_application::settings::{Preset, Settings};
use doorward_application::sign_in::SecondFactor;
use doorward_application::{Context, Ports};
use doorward_domain::access::AccessPolicy;
use doorward_domain::email::{EmailMessage, MailError, Mailer};
use doorward_domain::metrics::NoMetrics;
use doorward_domain::password::{Argon2Parameters, BreachedPasswords, HashScheme};
use doorward_domain::rate_limit::RateLimiter;
use doorward_domain::redirect::Origin;
use doorward_domain::session::{NoSessionCache, SessionCache};
use doorward_domain::user::{Email, RoleList, UserChange};
use doorward_domain::{Actor, Clock, Entropy, Keyring, Secret, Store, UserId};
use doorward_web::Module;
use doorward_web::configuration::HttpSettings;
use doorward_web::wiring::{AppFactory, MetricsPage, Watched, modules};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{Backend, Browser, FixedClock, SeededEntropy, TestDatabase};

/// The secret of every test application.
pub const SECRET: &str = "test-secret-of-no-importance-0123456789";
/// A password that every policy accepts.
pub const PASSWORD: &str = "correct horse battery";

/// The real server on a free port, with a store of its own, a clock that stands still and emails that are kept. It stops
/// when dropped.
///
/// Everything that can be switched on is on: mail, verification, changing the address, deleting oneself, administration.
pub struct TestApp {
    // The first to end.
    _server: RunningServer,
    address: SocketAddr,
    /// The clock the server goes by.
    pub clock: Arc<FixedClock>,
    /// Where the server keeps everything.
    pub store: Arc<dyn Store>,
    /// The ports and settings of the server, for calling use-cases directly.
    pub context: Context,
    document: Value,
    metrics: Option<Arc<MetricsPage>>,
    // Connections of the store belong to it: it ends after them, and the database last.
    runtime: Arc<Runtime>,
    database: Option<TestDatabase>,
}

/// What a test application is made with.
pub struct Setup {
    /// What the use-cases obey.
    pub settings: Settings,
    /// What the wire obeys.
    pub http: HttpSettings,
    /// Modules beside the shipped ones. Their migrations are taken where there is a database.
    pub modules: Vec<Arc<dyn Module>>,
    /// Steps around what users do.
    pub hooks: Hooks,
    /// The second factors.
    pub second_factors: Vec<Arc<dyn SecondFactor>>,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What is remembered of it; nothing, unless a test says otherwise.
    pub session_cache: Arc<dyn SessionCache>,
    /// Who counts requests, where `http.rate_limit.enabled` is set. Tests have no limits unless they set it.
    pub rate_limiter: Arc<dyn RateLimiter>,
    /// The passwords that became known; nobody is asked, unless a test says otherwise.
    pub breached_passwords: Option<Arc<dyn BreachedPasswords>>,
    /// Whether the server counts what it does, for [`TestApp::metrics`].
    pub metrics: bool,
    /// The secrets of the server; [`SECRET`] alone, unless a test says otherwise.
    pub keys: Keyring,
}

#[expect(clippy::expect_used, reason = "a test whose server does not start fails")]
impl TestApp {
    /// A server of the hardened preset.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start() -> Self {
        Self::with(Preset::Hardened, |_| {})
    }

    /// A server of a preset, with changes to it.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn with(preset: Preset, change: impl FnOnce(&mut Setup)) -> Self {
        Self::on_with(Backend::Memory, preset, change)
    }

    /// A server of the hardened preset that keeps everything there.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn on(backend: Backend) -> Self {
        Self::on_with(backend, Preset::Hardened, |_| {})
    }

    /// A server of a preset that keeps everything there, with changes to it.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn on_with(backend: Backend, preset: Preset, change: impl FnOnce(&mut Setup)) -> Self {
        let runtime = Arc::new(runtime());
        let (store, database) = runtime.block_on(open(backend));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut setup = Setup {
            settings: settings(preset, address.port()),
            http: http(preset, address),
            modules: Vec::new(),
            hooks: Hooks::default(),
            second_factors: Vec::new(),
            store,
            session_cache: Arc::new(NoSessionCache),
            rate_limiter: Arc::new(MemoryRateLimiter::new()),
            breached_passwords: None,
            metrics: false,
            keys: test_keys(),
        };
        change(&mut setup);
        let modules = modules(&setup.settings, setup.modules).expect("modules that agree");
        if let Some(database) = &database {
            drop(runtime.block_on(database.store_with(modules.migrations())));
        }

        let clock = Arc::new(FixedClock::default());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::default());
        let hashing = HasherSettings {
            scheme: HashScheme::Argon2id,
            argon2: Argon2Parameters::default(),
            threads: NonZeroUsize::MIN,
            queue: 1000,
            equal_refusals: true,
        };
        let hasher = Arc::new(PooledHasher::new(hashing, entropy.clone()).expect("a hasher"));
        let counts = setup.metrics;
        let metrics = counts.then(|| Arc::new(ServerMetrics::new("test", clock.now())));
        let ports = Ports {
            store: setup.store.clone(),
            session_cache: setup.session_cache,
            hasher: hasher.clone(),
            common_passwords: Arc::new(CommonPasswordList),
            breached_passwords: setup.breached_passwords,
            email_tokens: Arc::new(JwtEmailTokens::new(&setup.keys)),
            sealer: Arc::new(AeadSealer::new(&setup.keys, "outbox", entropy.clone())),
            signer: Arc::new(HmacSigner::new(&setup.keys, "audit", entropy.clone())),
            clock: clock.clone(),
            entropy,
            rate_limiter: setup.rate_limiter,
            metrics: match &metrics {
                Some(metrics) => metrics.clone(),
                None => Arc::new(NoMetrics),
            },
            hooks: setup.hooks,
            second_factors: setup.second_factors,
        };
        let context = modules
            .context(ports, setup.settings)
            .expect("permissions with proper names");
        let app = AppFactory::new(&context, &setup.http, &setup.keys, modules).expect("settings that fit");
        let app = match metrics {
            Some(metrics) => {
                let watched = Watched {
                    hasher: Some(hasher),
                    pool: None,
                    session_cache: None,
                };
                app.measured(metrics, watched)
            }
            None => app,
        };
        let document = serde_json::from_str(app.document()).expect("a description in JSON");
        Self {
            address,
            clock,
            store: setup.store,
            context,
            document,
            metrics: app.metrics(),
            _server: RunningServer::start(listener, app, runtime.clone()),
            runtime,
            database,
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The database behind the store; none in memory.
    #[must_use]
    pub const fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// The API description it serves.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// What it counted, as monitoring reads it.
    ///
    /// # Panics
    /// If [`Setup::metrics`] is not set.
    #[must_use]
    pub fn metrics(&self) -> String {
        let page = self.metrics.as_ref().expect("a server that counts");
        self.wait(page.text())
    }

    /// A browser without cookies, on a page of the server's own origin.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A browser that has just signed up with this address.
    ///
    /// # Panics
    /// If the server does not answer 200.
    #[must_use]
    pub fn signed_up(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let body = serde_json::json!({ "name": "Ada", "email": email, "password": PASSWORD });
        let answer = browser.post("/sign-up/email", &body);
        assert_eq!(answer.status, 200, "{}", answer.text);
        browser
    }

    /// A browser that has just signed up with this address, of a user who has these roles, joined by commas.
    ///
    /// # Panics
    /// If the server does not answer 200, or the store fails.
    #[must_use]
    pub fn signed_up_as(&self, email: &str, role: &str) -> Browser {
        let browser = self.signed_up(email);
        self.grant(email, role);
        browser
    }

    /// Gives the user of this address these roles, joined by commas, in place of those they have.
    ///
    /// # Panics
    /// If there is no such user, or the store fails.
    pub fn grant(&self, email: &str, role: &str) {
        let change = UserChange {
            role: Some(RoleList::from_stored(role)),
            ..UserChange::default()
        };
        let id = self.id_of(email);
        let users = self.store.users();
        let changed = self.wait(users.update(&id, &change, self.clock.now()));
        assert!(changed.is_ok_and(|user| user.is_some()), "a user to change");
    }

    /// A browser of an administrator.
    ///
    /// # Panics
    /// If the server does not answer 200, or the store fails.
    #[must_use]
    pub fn administrator(&self) -> Browser {
        self.signed_up_as("admin@example.test", AccessPolicy::ADMIN)
    }

    /// The id of the user of this address.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn id_of(&self, email: &str) -> UserId {
        let email = Email::from_stored(email);
        let found = self.wait(self.store.users().find_by_email(&email));
        found.expect("a store").expect("a user of that address").id
    }

    /// Delivers what waits in the outbox and answers it.
    ///
    /// # Panics
    /// If the store fails.
    #[must_use]
    pub fn sent_emails(&self) -> Vec<EmailMessage> {
        let mailbox = Arc::new(Mailbox::default());
        let deliver = DeliverMail::new(self.context.clone(), mailbox.clone());
        let request = self.context.internal_request(Actor::System("mail"));
        let all = async {
            while deliver.run(&request, pending()).await.expect("an outbox") != Delivery::Nothing {}
        };
        self.wait(all);
        std::mem::take(&mut *mailbox.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for what the store or a use-case answers.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// [`SECRET`] alone.
pub(crate) fn test_keys() -> Keyring {
    Keyring::single(Secret::new(SECRET.to_owned()))
}

/// What drives the store and the use-cases a test calls. Its threads go on between two calls, so that connections of a
/// pool stay alive.
#[expect(clippy::expect_used, reason = "a test without a runtime fails")]
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

#[expect(clippy::expect_used, reason = "a test without its database fails")]
async fn open(backend: Backend) -> (Arc<dyn Store>, Option<TestDatabase>) {
    let database = match backend {
        Backend::Memory => return (Arc::new(MemoryStore::new()), None),
        Backend::Sqlite => TestDatabase::sqlite(),
        Backend::Postgres => TestDatabase::postgres().await.expect("a server of PostgreSQL"),
    };
    (Arc::new(database.store().await), Some(database))
}

/// A server that runs in threads of its own, until it is dropped.
struct RunningServer {
    handle: ServerHandle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
    runtime: Arc<Runtime>,
}

#[expect(clippy::expect_used, reason = "a test whose server does not start fails")]
impl RunningServer {
    fn start(listener: TcpListener, app: AppFactory, runtime: Arc<Runtime>) -> Self {
        let (started, handle) = mpsc::channel();
        let thread = thread::spawn(move || {
            let system = System::new();
            let server = HttpServer::new(move || app.app()).workers(2).disable_signals();
            let server = server.listen(listener).expect("a listener").run();
            drop(started.send(server.handle()));
            let ended = system.block_on(server);
            // Workers are threads of the system, and end with it.
            System::current().stop();
            system.run().and(ended)
        });
        Self {
            handle: handle.recv().expect("a server that starts"),
            thread: Some(thread),
            runtime,
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.runtime.block_on(self.handle.stop(false));
        let ended = self.thread.take().map(JoinHandle::join);
        if !matches!(ended, Some(Ok(Ok(())))) {
            eprintln!("the server of a test ended with an error: {ended:?}");
        }
    }
}

fn settings(preset: Preset, port: u16) -> Settings {
    let mut settings = Settings::of(preset, Origin::loopback(port), "/api/auth".to_owned());
    settings.email_and_password.enabled = true;
    settings.email_and_password.send_reset_password = true;
    settings.email_verification.send_verification_email = true;
    settings.change_email.enabled = true;
    settings.delete_user.enabled = true;
    settings.admin.enabled = true;
    settings.username.enabled = true;
    // The clock of a test stands still, but the floor is about real time.
    settings.security.reset_request_floor = chrono::TimeDelta::zero();
    settings
}

fn http(preset: Preset, listen: SocketAddr) -> HttpSettings {
    let mut http = HttpSettings::of(preset);
    http.listen = listen;
    http.rate_limit.enabled = false;
    http
}

/// Keeps emails.
#[derive(Default)]
struct Mailbox(Mutex<Vec<EmailMessage>>);

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, _: &str, message: &EmailMessage) -> Result<(), MailError> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(message.clone());
        Ok(())
    }
}
