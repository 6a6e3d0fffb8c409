use async_trait::async_trait;
use doorward_domain::session::Authentication;
use doorward_domain::user::User;
use doorward_domain::{Locked, StoreError, Transaction};

/// A second proof that is wanted before a session is issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The methods by which it can be given, such as `totp`.
    pub methods: Vec<String>,
}

/// Asks for a second proof. The session issuer asks every registered one, whatever the way in.
#[async_trait]
pub trait SecondFactor: Send + Sync {
    /// What the user has to prove besides, or nothing if this proof is enough for this user. What has to be remembered of
    /// the sign-in that waits is written in `tx`.
    async fn challenge(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
        authentication: &Authentication,
    ) -> Result<Option<Challenge>, StoreError>;
}
