use doorward_domain::user::{ProfileChange, User};
use doorward_domain::{StoreError, UserId};

use crate::Context;

/// Changes name and picture of the person who asks.
#[derive(Clone, Debug)]
pub struct UpdateUser {
    context: Context,
}

impl UpdateUser {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// The user after the change; none if they are gone.
    pub async fn run(&self, user: &UserId, change: &ProfileChange) -> Result<Option<User>, StoreError> {
        self.context
            .store()
            .users()
            .update(user, &change.clone().into(), self.context.now())
            .await
    }
}
