use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::rt::System;
use async_trait::async_trait;
use doorward_adapters::crypto::{AeadSealer, JwtEmailTokens};
use doorward_adapters::memory::MemoryStore;
use doorward_adapters::password::{CommonPasswordList, HashScheme, HasherSettings, PooledHasher};
use doorward_application::email::DeliverMail;
use doorward_application::hooks::Hooks;
use doorward_application::settings::{Preset, Settings};
use doorward_application::sign_in::SecondFactor;
use doorward_application::{Context, Ports};
use doorward_domain::access::{AccessPolicy, RoleList};
use doorward_domain::email::{EmailMessage, MailError, Mailer};
use doorward_domain::redirect::Origin;
use doorward_domain::session::{NoSessionCache, SessionCache};
use doorward_domain::user::{Email, UserChange};
use doorward_domain::{Clock, Entropy, Secret, Store, UserId};
use doorward_web::Module;
use doorward_web::client_address::ClientAddressPolicy;
use doorward_web::configuration::HttpSettings;
use doorward_web::wiring::Doorward;
use serde_json::Value;
use ureq::http::{HeaderMap, Method, Request};

use crate::{FixedClock, SeededEntropy};

/// The secret of every test application.
pub const SECRET: &str = "test-secret-of-no-importance-0123456789";
/// A password that every policy accepts.
pub const PASSWORD: &str = "correct horse battery";

/// The real server on a free port, with a store in memory, a clock that stands still and emails that are kept.
///
/// Everything that can be switched on is on: mail, verification, changing the address, deleting oneself, administration.
pub struct TestApp {
    address: SocketAddr,
    /// The clock the server goes by.
    pub clock: Arc<FixedClock>,
    /// Where the server keeps everything.
    pub store: Arc<dyn Store>,
    /// The ports and settings of the server, for calling use-cases directly.
    pub context: Context,
    document: Value,
}

/// What a test application is made with.
pub struct Setup {
    /// What the use-cases obey.
    pub settings: Settings,
    /// What the wire obeys.
    pub http: HttpSettings,
    /// Modules beside the shipped ones.
    pub modules: Vec<Arc<dyn Module>>,
    /// Steps around what users do.
    pub hooks: Hooks,
    /// What else somebody has to prove.
    pub second_factors: Vec<Arc<dyn SecondFactor>>,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What is remembered of it; nothing, unless a test says otherwise.
    pub session_cache: Arc<dyn SessionCache>,
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
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut setup = Setup {
            settings: settings(preset, address.port()),
            http: http(address),
            modules: Vec::new(),
            hooks: Hooks::default(),
            second_factors: Vec::new(),
            store: Arc::new(MemoryStore::new()),
            session_cache: Arc::new(NoSessionCache),
        };
        change(&mut setup);

        let clock = Arc::new(FixedClock::default());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::default());
        let secret = Secret::new(SECRET.to_owned());
        let hashing = HasherSettings {
            scheme: HashScheme::default(),
            threads: NonZeroUsize::MIN,
            queue: 1000,
        };
        let ports = Ports {
            store: setup.store.clone(),
            session_cache: setup.session_cache,
            hasher: Arc::new(PooledHasher::new(hashing, entropy.clone()).expect("a hasher")),
            common_passwords: Arc::new(CommonPasswordList),
            email_tokens: Arc::new(JwtEmailTokens::new(&secret)),
            sealer: Arc::new(AeadSealer::new(&secret, "outbox", entropy.clone())),
            clock: clock.clone(),
            entropy,
            hooks: setup.hooks,
            second_factors: setup.second_factors,
        };
        let context = Context::new(ports, setup.settings);
        let doorward =
            Doorward::new(&context, &setup.http, &secret, setup.modules).expect("modules that agree");
        let document = serde_json::from_str(doorward.document()).expect("a description in JSON");
        thread::spawn(move || {
            let server = HttpServer::new(move || doorward.app())
                .workers(2)
                .disable_signals();
            let server = server.listen(listener).expect("a listener");
            System::new().block_on(server.run())
        });
        Self {
            address,
            clock,
            store: setup.store,
            context,
            document,
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API description it serves.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// A browser without cookies, on a page of the server's own origin.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser {
            address: self.address,
            origin: Some(format!("http://{}", self.address)),
            headers: Vec::new(),
            cookies: BTreeMap::new(),
        }
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
        self.wait(async { while deliver.run(std::future::pending()).await.expect("an outbox") {} });
        std::mem::take(&mut *mailbox.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for what the store or a use-case answers.
    ///
    /// # Panics
    /// If there is no runtime to be had.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(future)
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

#[expect(clippy::expect_used, reason = "an empty policy is valid")]
fn http(listen: SocketAddr) -> HttpSettings {
    HttpSettings {
        listen,
        allow_insecure: false,
        trusted_origins: Vec::new(),
        cookie_prefix: "better-auth".to_owned(),
        use_secure_cookies: None,
        cookie_domain: None,
        cookie_cache: None,
        bearer: None,
        defer_session_refresh: false,
        client_address: ClientAddressPolicy::new(&[], &[], false).expect("a policy"),
        disabled_paths: Vec::new(),
        max_body_bytes: 256 * 1024,
        workers: None,
        shutdown_timeout: Duration::from_secs(1),
    }
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

/// Sends requests and keeps cookies.
#[derive(Clone, Debug)]
pub struct Browser {
    address: SocketAddr,
    /// The `Origin` it sends with everything but `GET`, if any.
    pub origin: Option<String>,
    /// Headers it sends with every request.
    pub headers: Vec<(String, String)>,
    /// The cookies it holds, by name.
    pub cookies: BTreeMap<String, String>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

#[expect(clippy::expect_used, reason = "a request that cannot be sent fails the test")]
impl Browser {
    /// `GET` of a path below the base path.
    pub fn get(&mut self, path: &str) -> Response {
        self.send("GET", &format!("/api/auth{path}"), None, b"")
    }

    /// `POST` of JSON to a path below the base path.
    pub fn post(&mut self, path: &str, body: &Value) -> Response {
        let path = format!("/api/auth{path}");
        self.send(
            "POST",
            &path,
            Some("application/json"),
            body.to_string().as_bytes(),
        )
    }

    /// Follows a link out of an email.
    ///
    /// # Panics
    /// If it leads elsewhere.
    pub fn open(&mut self, message: &EmailMessage) -> Response {
        let base = format!("http://{}", self.address);
        let path = message
            .link
            .expose()
            .strip_prefix(&base)
            .expect("a link to the server")
            .to_owned();
        self.send("GET", &path, None, b"")
    }

    /// Any request to any path.
    ///
    /// # Panics
    /// If there is no answer.
    pub fn send(&mut self, method: &str, path: &str, content_type: Option<&str>, body: &[u8]) -> Response {
        let method: Method = method.parse().expect("a method");
        let mut request = Request::builder()
            .method(&method)
            .uri(format!("http://{}{path}", self.address));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(origin) = self.origin.as_ref().filter(|_| method != Method::GET) {
            request = request.header("origin", origin);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header("cookie", cookies.join("; "));
        }
        let request = request.body(body.to_vec()).expect("a request");
        let answer = agent().run(request).expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.into_body().read_to_vec().expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Response {
            status,
            headers,
            text,
        };
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Response) {
        for cookie in answer.set_cookies() {
            let (name, rest) = cookie.split_once('=').unwrap_or((&cookie, ""));
            let value = rest.split(';').next().unwrap_or_default();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0);
    let config = config
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(30)));
    config.build().into()
}

#[expect(clippy::expect_used, reason = "an answer of another kind fails the test")]
impl Response {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The stable code of an error, or nothing.
    #[must_use]
    pub fn code(&self) -> String {
        let body: Option<Value> = serde_json::from_str(&self.text).ok();
        body.and_then(|body| body["code"].as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The cookies it sets.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<String> {
        let all = self.headers.get_all("set-cookie");
        all.iter()
            .filter_map(|value| value.to_str().ok().map(str::to_owned))
            .collect()
    }
}
