use doorward_domain::access::permissions;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::user::{User, UserPage, UserQuery};
use doorward_domain::{RequestContext, UserId};

use super::authorize::{AdminError, require};
use crate::Context;
use crate::audit::record;

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

    /// The users that match a query. That they were read is recorded before they are answered (AU-1).
    pub async fn list(&self, request: &RequestContext, query: &UserQuery) -> Result<UserPage, AdminError> {
        self.permit(request)?;
        let page = self.context.store().users().list(query).await?;
        let event = Event::without_subject(EventKind::UsersListed);
        let number = page.users.len().to_string();
        record(&self.context, request, event.with_details(number)).await?;
        Ok(page)
    }

    /// One user.
    pub async fn get(&self, request: &RequestContext, id: &UserId) -> Result<User, AdminError> {
        require(&self.context, request, &permissions::user::GET)?;
        let found = self.context.store().users().find(id).await?;
        let user = found.ok_or(AdminError::UserNotFound)?;
        record(&self.context, request, Event::of(EventKind::UserRead, id)).await?;
        Ok(user)
    }
}
