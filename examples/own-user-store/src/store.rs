//! A store around another one. It is a store and, between `begin` and `commit`, a transaction; both answer `users` themselves.

use async_trait::async_trait;
use doorward_domain::user::{User, UserName, UserRepository, UserRepositoryDecorator};
use doorward_domain::{
    ForwardRepositories, Repositories, RequestContext, RequestFacts, Store, StoreError, Transaction,
};

/// What is behind: the shipped store, or a transaction of it.
pub(crate) struct Tidy<S>(pub(crate) S);

pub(crate) trait Shipped: Send + Sync + 'static {
    fn repositories(&self) -> &dyn Repositories;
}

impl Shipped for std::sync::Arc<dyn Store> {
    fn repositories(&self) -> &dyn Repositories {
        &**self
    }
}

impl Shipped for Box<dyn Transaction> {
    fn repositories(&self) -> &dyn Repositories {
        &**self
    }
}

/// The one method in which these users differ.
#[async_trait]
impl<S: Shipped> UserRepositoryDecorator for Tidy<S> {
    fn inner(&self) -> &dyn UserRepository {
        self.0.repositories().users()
    }

    async fn insert(&self, user: &User) -> Result<(), StoreError> {
        let words: Vec<_> = user.name.as_str().split_whitespace().collect();
        let name = UserName::from_stored(words.join(" "));
        let tidy = User { name, ..user.clone() };
        self.inner().insert(&tidy).await
    }
}

impl<S: Shipped> ForwardRepositories for Tidy<S> {
    fn behind(&self) -> &dyn Repositories {
        self.0.repositories()
    }

    fn users(&self) -> &dyn UserRepository {
        self
    }
}

#[async_trait]
impl Store for Tidy<std::sync::Arc<dyn Store>> {
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(Tidy(self.0.begin(request).await?)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }

    async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        self.0.is_up_to_date().await
    }
}

#[async_trait]
impl Transaction for Tidy<Box<dyn Transaction>> {
    fn request(&self) -> &RequestFacts {
        self.0.request()
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.0.commit().await
    }

    fn underlying(&self) -> Option<&dyn Transaction> {
        Some(&*self.0)
    }
}
