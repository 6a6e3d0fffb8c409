use async_trait::async_trait;
use doorward_domain::session::Authentication;
use doorward_domain::user::User;
use doorward_domain::{Locked, StoreError, Transaction};

/// A second factor that is required before a session is issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The methods by which it can be given, such as `totp`.
    pub methods: Vec<String>,
}

/// A second factor. The session issuer asks every registered one, whatever the method of authentication.
#[async_trait]
pub trait SecondFactor: Send + Sync {
    /// The challenge that the user has to answer, or `None` if this authentication is enough. The state of the pending sign-in
    /// is written in `tx`.
    async fn challenge(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
        authentication: &Authentication,
    ) -> Result<Option<Challenge>, StoreError>;
}
