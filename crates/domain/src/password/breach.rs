use async_trait::async_trait;

use super::Password;
use crate::BoxError;

/// The passwords that became known by data breaches (PW-8).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait BreachedPasswords: Send + Sync {
    /// Whether the password is among them. MUST answer within about a second, and MUST NOT give the password away, nor a digest of
    /// which it could be guessed.
    async fn contains(&self, password: &Password) -> Result<bool, BreachCheckUnavailable>;
}

/// Nobody could say whether the password became known.
#[derive(Debug, thiserror::Error)]
#[error("breached passwords cannot be asked for")]
pub struct BreachCheckUnavailable(#[source] pub BoxError);
