use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use doorward_domain::session::SessionRepository;
use doorward_domain::user::UserRepository;
use doorward_domain::{
    ForwardRepositories, Repositories, RequestContext, RequestFacts, Store, StoreError, Transaction,
};

use super::MemorySessionCache;

/// A store, or a transaction of one, whose writes about sessions and users make a [`MemorySessionCache`] forget.
pub struct Watched<S> {
    inner: S,
    cache: Arc<MemorySessionCache>,
    /// Whether writes count at once or only when the transaction commits.
    wrote: Wrote,
}

/// A store that is watched.
pub type CacheInvalidatingStore = Watched<Arc<dyn Store>>;

enum Wrote {
    AtOnce,
    OnCommit(AtomicBool),
}

/// What can be watched.
pub(super) trait Inner: Send + Sync + 'static {
    fn repositories(&self) -> &dyn Repositories;
}

impl Inner for Arc<dyn Store> {
    fn repositories(&self) -> &dyn Repositories {
        &**self
    }
}

impl Inner for Box<dyn Transaction> {
    fn repositories(&self) -> &dyn Repositories {
        &**self
    }
}

impl Watched<Arc<dyn Store>> {
    /// Watches `inner` for `cache`.
    #[must_use]
    pub const fn new(inner: Arc<dyn Store>, cache: Arc<MemorySessionCache>) -> Self {
        Self {
            inner,
            cache,
            wrote: Wrote::AtOnce,
        }
    }
}

#[expect(private_bounds, reason = "what can be watched is decided here")]
impl<S: Inner> Watched<S> {
    pub(super) fn inner(&self) -> &dyn Repositories {
        self.inner.repositories()
    }

    /// Notes a write, unless the answer shows that there was none.
    pub(super) fn note<T>(
        &self,
        answer: Result<T, StoreError>,
        wrote: impl FnOnce(&T) -> bool,
    ) -> Result<T, StoreError> {
        if answer.as_ref().map_or(true, wrote) {
            match &self.wrote {
                Wrote::AtOnce => self.cache.forget(),
                Wrote::OnCommit(wrote) => wrote.store(true, Ordering::Release),
            }
        }
        answer
    }
}

impl<S: Inner> ForwardRepositories for Watched<S> {
    fn behind(&self) -> &dyn Repositories {
        self.inner()
    }

    fn users(&self) -> &dyn UserRepository {
        self
    }

    fn sessions(&self) -> &dyn SessionRepository {
        self
    }
}

#[async_trait]
impl Store for Watched<Arc<dyn Store>> {
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError> {
        let inner = self.inner.begin(request).await?;
        let wrote = Wrote::OnCommit(AtomicBool::new(false));
        Ok(Box::new(Watched {
            inner,
            cache: self.cache.clone(),
            wrote,
        }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }

    async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        self.inner.is_up_to_date().await
    }
}

#[async_trait]
impl Transaction for Watched<Box<dyn Transaction>> {
    fn request(&self) -> &RequestFacts {
        self.inner.request()
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { inner, cache, wrote } = *self;
        let outcome = inner.commit().await;
        // A commit that failed may have happened all the same.
        if matches!(&wrote, Wrote::OnCommit(wrote) if wrote.load(Ordering::Acquire)) {
            cache.forget();
        }
        outcome
    }

    fn underlying(&self) -> Option<&dyn Transaction> {
        Some(&*self.inner)
    }
}
