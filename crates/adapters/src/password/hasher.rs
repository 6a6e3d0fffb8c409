use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use doorward_domain::password::{
    Argon2Parameters, HashError, HashForm, HashScheme, Password, PasswordHash, PasswordHasher, RefusalTime,
    Verdict, WeakParameters,
};
use doorward_domain::{Entropy, Secret};

use super::HashingError;
use super::argon2id::Argon2Cost;
use super::better_auth;
use super::block_pool::BlockPool;
use super::pepper::Peppers;
use super::pool::{HashLoad, HashPool};
use super::stored::StoredHash;

/// How passwords are hashed, and how many at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasherSettings {
    /// How new passwords are hashed.
    pub scheme: HashScheme,
    /// What new hashes cost, if they are Argon2id.
    pub argon2: Argon2Parameters,
    /// How many threads hash. Each takes the memory of one hash.
    pub threads: NonZeroUsize,
    /// How many passwords may wait for a thread before callers are told to come back later (RE-8).
    pub queue: usize,
    /// Whether a refusal takes as long as with the dearest hash in use, whatever hash was compared (EN-3).
    pub equal_refusals: bool,
}

/// Why there is no hasher.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// The parameters must not be used.
    #[error(transparent)]
    Weak(#[from] WeakParameters),
    /// The system gave no thread.
    #[error("cannot start a thread for hashing passwords")]
    Threads(#[from] io::Error),
    /// The parameters do not work.
    #[error("passwords cannot be hashed with these parameters")]
    Parameters(#[source] HashingError),
}

/// Hashes with the scheme of its settings and verifies hashes of every known form, on threads of its own.
pub struct PooledHasher {
    pool: HashPool,
    scheme: Scheme,
    peppers: Peppers,
    entropy: Arc<dyn Entropy>,
    /// The dummy hash: it is verified where there is no hash, so that timing does not reveal whether the user exists (EN-3).
    dummy_hash: PasswordHash,
    /// How long refusals are held, if they are.
    refusals: Option<Mutex<RefusalTime>>,
    /// Tells how long a computation took; in tests, what they say.
    stopwatch: Stopwatch,
}

/// What a computation of this form counts as that took so long.
type Stopwatch = fn(HashForm, Duration) -> Duration;

/// The settings' scheme, ready for use: the cost of new Argon2id hashes, or none for scrypt.
type Scheme = Option<Argon2Cost>;

impl PooledHasher {
    /// Checks the settings and starts the threads.
    pub fn new(settings: HasherSettings, entropy: Arc<dyn Entropy>) -> Result<Self, HasherError> {
        Self::with_peppers(settings, Peppers::default(), entropy)
    }

    /// The same, with keys that are mixed into passwords (PW-11). Only Argon2id hashes can tell with which.
    pub fn with_peppers(
        settings: HasherSettings,
        peppers: Peppers,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, HasherError> {
        let scheme = match settings.scheme {
            HashScheme::Argon2id => {
                settings.argon2.check()?;
                let cost = Argon2Cost::new(settings.argon2, peppers.current());
                Some(cost.map_err(HasherError::Parameters)?)
            }
            HashScheme::BetterAuthScrypt => None,
        };
        let dummy_hash = match &scheme {
            Some(cost) => cost.dummy_hash(&*entropy).map_err(HasherError::Parameters)?,
            None => better_auth::dummy_hash(&*entropy),
        };
        let pool = HashPool::start(settings.threads, settings.queue)?;
        Ok(Self {
            pool,
            scheme,
            peppers,
            entropy,
            dummy_hash: PasswordHash::from_stored(dummy_hash),
            refusals: settings.equal_refusals.then(Mutex::default),
            stopwatch: |_, took| took,
        })
    }

    /// How busy the threads are.
    #[must_use]
    pub fn load(&self) -> HashLoad {
        self.pool.load()
    }

    /// Compares on one of the threads, and answers what that took.
    async fn compare(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<Compared, HashError> {
        let (password, hash) = (password.clone(), hash.cloned());
        let (scheme, dummy_hash, peppers) =
            (self.scheme.clone(), self.dummy_hash.clone(), self.peppers.clone());
        let stopwatch = self.stopwatch;
        let work = move |memory: &mut BlockPool| {
            let began = Instant::now();
            let password = password.expose().as_bytes();
            let (compared, verdict) = match choose(hash.as_ref(), &peppers, password) {
                Some((hash, stored, peppered)) => {
                    let verdict = compare(&stored, peppered.expose(), scheme.as_ref(), memory)?;
                    (hash, verdict)
                }
                None => (&dummy_hash, verify_dummy(&dummy_hash, password, memory)?),
            };
            let took = began.elapsed();
            let form = HashForm::of(compared);
            Ok(Compared {
                verdict,
                cost: form.map(|form| (form, stopwatch(form, took))),
            })
        };
        self.pool.run(work).await?.map_err(HashError::Failed)
    }

    /// Changes what is known of the time of refusals, if they are held.
    fn refusals<T>(&self, change: impl FnOnce(&mut RefusalTime) -> T) -> Option<T> {
        let refusals = self.refusals.as_ref()?;
        Some(change(
            &mut refusals.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

/// What a comparison came to.
struct Compared {
    verdict: Verdict,
    /// The hash that was computed, the dummy hash or the stored one, and how long that took.
    cost: Option<(HashForm, Duration)>,
}

/// The hash, if it can be compared with the password, and the password with the pepper of that hash.
fn choose<'a>(
    hash: Option<&'a PasswordHash>,
    peppers: &Peppers,
    password: &[u8],
) -> Option<(&'a PasswordHash, StoredHash, Secret<Vec<u8>>)> {
    let hash = hash?;
    let stored = StoredHash::parse(hash.expose()).filter(|stored| stored.accepts(password))?;
    let Some(peppered) = peppers.apply_pepper(stored.pepper(), password) else {
        tracing::error!("a password was hashed with a pepper that is not configured any more");
        return None;
    };
    Some((hash, stored, peppered))
}

#[async_trait]
impl PasswordHasher for PooledHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        let (password, scheme, entropy) = (password.clone(), self.scheme.clone(), Arc::clone(&self.entropy));
        let peppers = self.peppers.clone();
        let work = move |memory: &mut BlockPool| match &scheme {
            Some(cost) => {
                let peppered = peppers.apply_pepper(cost.pepper(), password.expose().as_bytes());
                let peppered = peppered.ok_or("the pepper is gone")?;
                cost.hash(peppered.expose(), &*entropy, memory)
            }
            None => better_auth::hash(password.expose().as_bytes(), &*entropy),
        };
        let text = self.pool.run(work).await?.map_err(HashError::Failed)?;
        Ok(PasswordHash::from_stored(text))
    }

    async fn verify<'a>(
        &self,
        password: &Password,
        hash: Option<&'a PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let compared = self.compare(password, hash).await?;
        if let (Verdict::Mismatch, Some((form, took))) = (compared.verdict, compared.cost) {
            let hold = self.refusals(|refusals| refusals.hold(form, took));
            // A timer, not a thread: whoever is held keeps nobody from anything.
            tokio::time::sleep(hold.unwrap_or_default()).await;
        }
        Ok(compared.verdict)
    }

    async fn learn(&self, in_use: &[PasswordHash]) -> Result<(), HashError> {
        if self.refusals.is_none() {
            return Ok(());
        }
        let computed = |hash: &&PasswordHash| StoredHash::parse(hash.expose()).is_some();
        let hashes: Vec<_> = in_use.iter().filter(computed).chain([&self.dummy_hash]).collect();
        let forms: Vec<_> = hashes.iter().filter_map(|hash| HashForm::of(hash)).collect();
        // Nobody is held where all are alike, so their time is not worth the memory and the heat.
        let are_alike = forms.windows(2).all(|two| two[0] == two[1]);
        for hash in hashes.into_iter().filter(|_| !are_alike) {
            let is_known = HashForm::of(hash)
                .is_none_or(|form| self.refusals(|refusals| refusals.knows(form)) == Some(true));
            if is_known {
                continue;
            }
            let compared = self.compare(&Password::parse("", 0), Some(hash)).await?;
            if let Some((form, took)) = compared.cost {
                self.refusals(|refusals| refusals.learn(form, took));
            }
        }
        self.refusals(|refusals| refusals.retain(&forms));
        Ok(())
    }
}

impl fmt::Debug for PooledHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledHasher")
            .field("pool", &self.pool)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

fn compare(
    stored: &StoredHash,
    password: &[u8],
    scheme: Option<&Argon2Cost>,
    memory: &mut BlockPool,
) -> Result<Verdict, HashingError> {
    Ok(
        match (stored.matches(password, memory)?, stored.is_outdated(scheme)) {
            (false, _) => Verdict::Mismatch,
            (true, false) => Verdict::Match,
            (true, true) => Verdict::MatchOutdated,
        },
    )
}

/// Takes as long as a comparison.
fn verify_dummy(
    dummy_hash: &PasswordHash,
    password: &[u8],
    memory: &mut BlockPool,
) -> Result<Verdict, HashingError> {
    if let Some(stored) = StoredHash::parse(dummy_hash.expose()) {
        stored.matches(password, memory)?;
    }
    Ok(Verdict::Mismatch)
}

#[cfg(test)]
mod tests;
