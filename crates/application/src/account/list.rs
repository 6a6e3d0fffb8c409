use doorward_domain::account::Account;
use doorward_domain::{StoreError, UserId};

use crate::Context;

/// Lists the ways the person who asks can sign in.
#[derive(Clone, Debug)]
pub struct ListAccounts {
    context: Context,
}

impl ListAccounts {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// The accounts of the user, oldest first.
    pub async fn run(&self, user: &UserId) -> Result<Vec<Account>, StoreError> {
        self.context.store().accounts().list(user).await
    }
}
