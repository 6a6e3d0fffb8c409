use doorward_domain::access::permissions;
use doorward_domain::user::{User, UserPage, UserQuery};
use doorward_domain::{RequestContext, UserId};

use super::authorize::{AdminError, require};
use crate::Context;

/// The most users in one answer (AC-7).
pub const MAX_PAGE: u64 = 1000;

/// Looks for users on behalf of administrators.
#[derive(Clone, Debug)]
pub struct ListUsers {
    context: Context,
}

impl ListUsers {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Whether the caller may see lists of users.
    pub fn permit(&self, request: &RequestContext) -> Result<(), AdminError> {
        require(&self.context, request, &permissions::user::LIST)
    }

    /// The users that match a query.
    pub async fn list(&self, request: &RequestContext, query: &UserQuery) -> Result<UserPage, AdminError> {
        self.permit(request)?;
        Ok(self.context.store().users().list(query).await?)
    }

    /// One user.
    pub async fn get(&self, request: &RequestContext, id: &UserId) -> Result<User, AdminError> {
        require(&self.context, request, &permissions::user::GET)?;
        let found = self.context.store().users().find(id).await?;
        found.ok_or(AdminError::UserNotFound)
    }
}
