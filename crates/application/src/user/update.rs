use doorward_domain::user::{ProfileChange, User, Username};
use doorward_domain::{Constraint, StoreError, UserId};

use crate::Context;

/// Why nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateUserError {
    /// Somebody has the username.
    #[error("the username is taken")]
    UsernameTaken,
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

/// Changes name, picture and username of the person who asks.
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
    pub async fn run(&self, user: &UserId, change: &ProfileChange) -> Result<Option<User>, UpdateUserError> {
        let (users, now) = (self.context.store().users(), self.context.now());
        Ok(users.update(user, &change.clone().into(), now).await?)
    }

    /// Whether nobody has this username.
    pub async fn is_available(&self, username: &Username) -> Result<bool, StoreError> {
        let found = self.context.store().users().find_by_username(username).await?;
        Ok(found.is_none())
    }
}

impl From<StoreError> for UpdateUserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Constraint::Username) => Self::UsernameTaken,
            error => Self::Store(error),
        }
    }
}
