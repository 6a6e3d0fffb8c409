use doorward_domain::audit::{Event, EventKind};
use doorward_domain::user::{ProfileChange, User, Username};
use doorward_domain::{Constraint, NotSignedIn, RequestContext, StoreError};

use crate::Context;
use crate::identity::UsernameHolds;
use crate::session::lock_caller;

/// Why nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateUserError {
    /// The username is taken.
    #[error("the username is taken")]
    UsernameTaken,
    /// No session, or the session or the user was deleted meanwhile.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

/// Changes name, picture and username of the user who makes the request.
#[derive(Clone, Debug)]
pub struct UpdateUser {
    context: Context,
    holds: UsernameHolds,
}

impl UpdateUser {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            holds: UsernameHolds::new(context.clone()),
            context,
        }
    }

    /// The user after the change.
    pub async fn run(
        &self,
        request: &RequestContext,
        change: &ProfileChange,
    ) -> Result<User, UpdateUserError> {
        let now = self.context.now();
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let user = &locked.ok_or(NotSignedIn)?.user.id;
        let chosen = change.username.as_ref();
        if let Some(username) = chosen.and_then(|chosen| chosen.username.as_ref())
            && self.holds.is_held_against(&*tx, username, Some(user)).await?
        {
            return Err(UpdateUserError::UsernameTaken);
        }
        let updated = tx.users().update(user, &change.clone().into(), now).await?;
        let updated = updated.ok_or(NotSignedIn)?;
        tx.record(Event::of(EventKind::UserUpdated, user)).await?;
        tx.commit().await?;
        Ok(updated)
    }

    /// Whether this username is available. Anybody may ask.
    pub async fn is_available(
        &self,
        _request: &RequestContext,
        username: &Username,
    ) -> Result<bool, StoreError> {
        let found = self.context.store().users().find_by_username(username).await?;
        Ok(found.is_none() && !self.holds.is_held(username).await?)
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
