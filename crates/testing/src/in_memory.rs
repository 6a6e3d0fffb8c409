use std::sync::Arc;

use async_trait::async_trait;
use doorward_adapters::crypto::{AeadSealer, HmacSigner, JwtEmailTokens};
use doorward_adapters::memory::{MemoryRateLimiter, MemoryStore};
use doorward_adapters::password::CommonPasswordList;
use doorward_application::hooks::Hooks;
use doorward_application::settings::Settings;
use doorward_application::{Context, Ports};
use doorward_domain::metrics::NoMetrics;
use doorward_domain::password::{HashError, Password, PasswordHash, PasswordHasher, Verdict};
use doorward_domain::session::NoSessionCache;
use doorward_domain::{Entropy, Signer};

use crate::{FixedClock, SeededEntropy};

/// Ports of a store in memory, a clock that stands still, random values that repeat and a hasher that costs nothing. For a
/// test that puts something else in the place of one of them.
#[must_use]
pub fn in_memory_ports() -> (Ports, Arc<MemoryStore>, Arc<FixedClock>) {
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::default());
    let keys = crate::test_keys();
    let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(FixedClock::default()));
    let ports = Ports {
        store: store.clone(),
        session_cache: Arc::new(NoSessionCache),
        hasher: Arc::new(PlainHasher),
        common_passwords: Arc::new(CommonPasswordList),
        breached_passwords: None,
        email_tokens: Arc::new(JwtEmailTokens::new(&keys)),
        sealer: Arc::new(AeadSealer::new(&keys, "outbox", entropy.clone())),
        signer: Arc::new(HmacSigner::new(&keys, "audit", entropy.clone())),
        clock: clock.clone(),
        entropy,
        rate_limiter: Arc::new(MemoryRateLimiter::new()),
        metrics: Arc::new(NoMetrics),
        hooks: Hooks::default(),
        second_factors: Vec::new(),
    };
    (ports, store, clock)
}

/// The signer of audit events of every test application.
#[must_use]
pub fn test_signer() -> Arc<dyn Signer> {
    let keys = crate::test_keys();
    let entropy = Arc::new(SeededEntropy::default());
    Arc::new(HmacSigner::new(&keys, "audit", entropy))
}

/// A context of [`in_memory_ports`], with the store and the clock a test keeps hold of.
#[must_use]
pub fn in_memory_context(settings: Settings) -> (Context, Arc<MemoryStore>, Arc<FixedClock>) {
    let (ports, store, clock) = in_memory_ports();
    (Context::new(ports, settings), store, clock)
}

/// A hasher that hides nothing and takes no time.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainHasher;

impl PlainHasher {
    const PRESENT: &str = "plain:";
    const OUTDATED: &str = "old:";

    /// The hash of this password.
    #[must_use]
    pub fn hash_of(password: &str) -> PasswordHash {
        PasswordHash::from_stored(format!("{}{password}", Self::PRESENT))
    }

    /// A hash of this password that is to be brought up to date.
    #[must_use]
    pub fn outdated_hash_of(password: &str) -> PasswordHash {
        PasswordHash::from_stored(format!("{}{password}", Self::OUTDATED))
    }
}

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        Ok(Self::hash_of(password.expose()))
    }

    async fn verify<'a>(
        &self,
        password: &Password,
        hash: Option<&'a PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let is = |known: &PasswordHash| hash.is_some_and(|hash| hash.is_same(known));
        let password = password.expose();
        Ok(if is(&Self::hash_of(password)) {
            Verdict::Match
        } else if is(&Self::outdated_hash_of(password)) {
            Verdict::MatchOutdated
        } else {
            Verdict::Mismatch
        })
    }
}
