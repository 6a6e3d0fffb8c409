use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use doorward_adapters::crypto::{AeadSealer, HmacSigner, JwtEmailTokens};
use doorward_adapters::memory::{MemoryRateLimiter, MemoryStore};
use doorward_application::hooks::Hooks;
use doorward_application::settings::Settings;
use doorward_application::{Context, Ports};
use doorward_domain::account::{AccountRepository, MockAccountRepository};
use doorward_domain::email::{MockOutboxRepository, OutboxRepository};
use doorward_domain::metrics::NoMetrics;
use doorward_domain::password::{MockCommonPasswords, MockPasswordHasher};
use doorward_domain::session::{MockSessionRepository, NoSessionCache, SessionRepository};
use doorward_domain::user::{MockUserRepository, UserRepository};
use doorward_domain::verification::{MockVerificationRepository, VerificationRepository};
use doorward_domain::{
    Entropy, ForwardRepositories, Repositories, RequestContext, RequestFacts, Store, StoreError, Transaction,
};

use crate::{FixedClock, SeededEntropy};

/// Mocks of everything a use-case asks. What a test does not expect panics; so does a transaction nobody expected.
///
/// ```
/// use doorward_application::settings::{Preset, Settings};
/// use doorward_application::profile::UpdateUser;
/// use doorward_domain::redirect::Origin;
/// use doorward_domain::user::ProfileChange;
/// use doorward_testing::{Mocks, samples};
///
/// # tokio_test(async {
/// let mut mocks = Mocks::default();
/// mocks.store.transactions = 1;
/// mocks.store.users.expect_lock_with_administrators().once().returning(|_, _| Ok(Vec::new()));
/// let settings = Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned());
/// let (context, _) = mocks.context(settings);
/// let gone = UpdateUser::new(context)
///     .run(&samples::request_by(&samples::user("ada")), &ProfileChange::default()).await;
/// assert!(gone.is_err(), "who was deleted meanwhile is not signed in");
/// # });
/// # fn tokio_test(test: impl Future) {
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
/// # }
/// ```
#[derive(Default)]
pub struct Mocks {
    /// The store.
    pub store: MockStore,
    /// The hasher.
    pub hasher: MockPasswordHasher,
    /// The hooks of a team.
    pub hooks: Hooks,
    /// The list of common passwords; none is common unless it is told otherwise.
    pub common_passwords: Option<MockCommonPasswords>,
}

/// Mocks of all repositories, which serve the store and its transactions alike.
#[derive(Default)]
pub struct MockStore {
    /// Users.
    pub users: MockUserRepository,
    /// Accounts.
    pub accounts: MockAccountRepository,
    /// Sessions.
    pub sessions: MockSessionRepository,
    /// Verifications.
    pub verifications: MockVerificationRepository,
    /// Emails.
    pub outbox: MockOutboxRepository,
    /// How many transactions begin. None is expected unless this is set.
    pub transactions: usize,
    /// Whether every commit fails.
    pub commits_fail: bool,
}

/// What became of the transactions.
#[derive(Debug, Default)]
pub struct Commits {
    begun: AtomicUsize,
    committed: AtomicUsize,
    open: AtomicBool,
}

impl Commits {
    /// How many transactions were committed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.committed.load(Ordering::SeqCst)
    }

    /// Whether a transaction is open at this moment.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst)
    }
}

impl Mocks {
    /// A context of these mocks, a clock that stands still at the samples' moment, and random values that repeat.
    #[must_use]
    pub fn context(self, settings: Settings) -> (Context, Arc<Commits>) {
        let commits = Arc::new(Commits::default());
        self.context_with(settings, commits.clone(), Arc::new(FixedClock::default()))
    }

    /// The same, with commits and clock a test keeps hold of.
    #[must_use]
    pub fn context_with(
        self,
        settings: Settings,
        commits: Arc<Commits>,
        clock: Arc<FixedClock>,
    ) -> (Context, Arc<Commits>) {
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::default());
        let keys = crate::test_keys();
        let common_passwords = self.common_passwords.unwrap_or_else(|| {
            let mut none = MockCommonPasswords::new();
            none.expect_contains().returning(|_| false);
            none
        });
        let ports = Ports {
            store: Arc::new(Mocked {
                store: Arc::new(self.store),
                rest: Arc::default(),
                commits: commits.clone(),
                request: None,
            }),
            session_cache: Arc::new(NoSessionCache),
            hasher: Arc::new(self.hasher),
            common_passwords: Arc::new(common_passwords),
            breached_passwords: None,
            email_tokens: Arc::new(JwtEmailTokens::new(&keys)),
            sealer: Arc::new(AeadSealer::new(&keys, "outbox", entropy.clone())),
            signer: Arc::new(HmacSigner::new(&keys, "audit", entropy.clone())),
            clock,
            entropy,
            rate_limiter: Arc::new(MemoryRateLimiter::new()),
            metrics: Arc::new(NoMetrics),
            hooks: self.hooks,
            second_factors: Vec::new(),
        };
        (Context::new(ports, settings), commits)
    }
}

struct Mocked {
    store: Arc<MockStore>,
    rest: Arc<MemoryStore>,
    commits: Arc<Commits>,
    /// The request, if this is a transaction that has not ended.
    request: Option<RequestFacts>,
}

/// What has no mock, such as audit events, is kept in memory.
impl ForwardRepositories for Mocked {
    fn behind(&self) -> &dyn Repositories {
        &*self.rest
    }

    fn users(&self) -> &dyn UserRepository {
        &self.store.users
    }

    fn accounts(&self) -> &dyn AccountRepository {
        &self.store.accounts
    }

    fn sessions(&self) -> &dyn SessionRepository {
        &self.store.sessions
    }

    fn verifications(&self) -> &dyn VerificationRepository {
        &self.store.verifications
    }

    fn outbox(&self) -> &dyn OutboxRepository {
        &self.store.outbox
    }
}

#[async_trait]
impl Store for Mocked {
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError> {
        let begun = self.commits.begun.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(
            begun <= self.store.transactions,
            "{begun} transactions begin, {} expected",
            self.store.transactions
        );
        self.commits.open.store(true, Ordering::SeqCst);
        Ok(Box::new(Self {
            store: self.store.clone(),
            rest: self.rest.clone(),
            commits: self.commits.clone(),
            request: Some(request.facts()),
        }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Transaction for Mocked {
    fn request(&self) -> &RequestFacts {
        #[expect(clippy::expect_used, reason = "only `begin` makes a transaction")]
        self.request.as_ref().expect("a transaction has a request")
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        if self.store.commits_fail {
            return Err(StoreError::Unavailable("the mock refuses".into()));
        }
        self.commits.committed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

impl Drop for Mocked {
    fn drop(&mut self) {
        if self.request.is_some() {
            self.commits.open.store(false, Ordering::SeqCst);
        }
    }
}
