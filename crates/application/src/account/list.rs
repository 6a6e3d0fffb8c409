use doorward_domain::RequestContext;
use doorward_domain::account::Account;

use crate::{Context, RequestError};

/// Lists the ways to sign in of the user who makes the request.
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
    pub async fn run(&self, request: &RequestContext) -> Result<Vec<Account>, RequestError> {
        let user = &request.signed_in()?.user.id;
        Ok(self.context.store().accounts().list(user).await?)
    }
}
