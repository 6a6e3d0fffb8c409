use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use doorward_domain::metrics::{Metrics, Observation};
use doorward_domain::password::{BreachedPasswords, CommonPasswords, PasswordHasher};
use doorward_domain::rate_limit::RateLimiter;
use doorward_domain::session::ActiveSession;
use doorward_domain::session::SessionCache;
use doorward_domain::verification::EmailTokenCodec;
use doorward_domain::{
    Actor, Client, Clock, Entropy, NotSignedIn, RequestContext, RequestId, Sealer, Signer, Store, StoreError,
};

use crate::audit::RefusalBudget;
use crate::hooks::Hooks;
use crate::password::BreachCheckCounts;
use crate::rate_limit::AttemptsInFlight;
use crate::reads::StoreReader;
use crate::settings::Settings;
use crate::sign_in::SecondFactor;

/// The ports.
#[derive(Clone)]
pub struct Ports {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Caches sessions.
    pub session_cache: Arc<dyn SessionCache>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// The list of common passwords.
    pub common_passwords: Arc<dyn CommonPasswords>,
    /// The passwords that became known by data breaches; none to look for none.
    pub breached_passwords: Option<Arc<dyn BreachedPasswords>>,
    /// Signs and reads Better Auth's verification tokens.
    pub email_tokens: Arc<dyn EmailTokenCodec>,
    /// Seals emails in the outbox.
    pub sealer: Arc<dyn Sealer>,
    /// Signs audit events.
    pub signer: Arc<dyn Signer>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes random values.
    pub entropy: Arc<dyn Entropy>,
    /// Counts requests.
    pub rate_limiter: Arc<dyn RateLimiter>,
    /// Counts what happens.
    pub metrics: Arc<dyn Metrics>,
    /// The hooks of a team.
    pub hooks: Hooks,
    /// The registered second factors.
    pub second_factors: Vec<Arc<dyn SecondFactor>>,
}

/// Why a use-case for signed-in users did nothing.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// There is no session.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The ports a use-case works through and the settings it obeys. Cheap to clone.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

/// What a [`Context`] points to.
pub struct Inner {
    /// The ports.
    pub ports: Ports,
    /// What the operator decided.
    pub settings: Settings,
    /// How many refusals are recorded.
    pub refusals: RefusalBudget,
    /// How often new passwords were looked for among breached ones.
    pub breach_checks: BreachCheckCounts,
    /// The guesses that are under way.
    pub attempts_in_flight: AttemptsInFlight,
}

impl Context {
    /// Brings ports and settings together.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            ports,
            settings,
            refusals: RefusalBudget::default(),
            breach_checks: BreachCheckCounts::default(),
            attempts_in_flight: AttemptsInFlight::default(),
        }))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.ports.clock.now()
    }

    /// Where everything is kept. It gives reading, and transactions that write.
    #[must_use]
    pub fn store(&self) -> StoreReader<'_> {
        StoreReader::new(&*self.ports.store)
    }

    /// Counts something that happened.
    pub fn observe(&self, observation: Observation) {
        self.ports.metrics.observe(observation);
    }

    /// The context of a request from outside that begins now.
    #[must_use]
    pub fn request(&self, actor: Actor, client: Client) -> RequestContext {
        let now = self.now();
        self.request_of(actor, client, RequestId::mint(now, self.entropy()))
    }

    /// The same of a request that has an id already.
    #[must_use]
    pub fn request_of(&self, actor: Actor, client: Client, id: RequestId) -> RequestContext {
        RequestContext::new(actor, client, id, self.now()).signed_by(self.ports.signer.clone())
    }

    /// The context of an operation that no request from outside began.
    #[must_use]
    pub fn internal_request(&self, actor: Actor) -> RequestContext {
        self.request(actor, Client::default())
    }

    /// The impersonation guard: whether the actor has the rights of the session's user. An administrator who impersonates the
    /// user has not, where `Security::restrict_impersonation` is on (AC-6).
    #[must_use]
    pub fn has_own_rights(&self, active: &ActiveSession) -> bool {
        active.session.impersonated_by.is_none() || !self.settings.security.restrict_impersonation
    }

    /// Where random values come from.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.ports.entropy
    }
}

impl Deref for Context {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
