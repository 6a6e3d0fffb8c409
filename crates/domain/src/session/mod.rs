//! Sessions: token, entity, lifetime, repository and cache.

mod authentication;
mod cache;
mod entity;
mod lifetime;
mod policy;
mod repository;
mod token;

pub use authentication::{AuthMethod, Authentication};
pub use cache::{CacheVersion, NoSessionCache, SessionCache};
pub use entity::{ActiveSession, IssuedSession, Session};
pub use lifetime::Lifetime;
pub use policy::SessionPolicy;
pub use repository::{SessionHandle, SessionRepository};
pub use token::{InvalidToken, SessionToken, StoredToken, TokenStorage};

#[cfg(any(test, feature = "mocks"))]
pub use cache::MockSessionCache;
#[cfg(any(test, feature = "mocks"))]
pub use repository::MockSessionRepository;
