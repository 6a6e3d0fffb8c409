use doorward_domain::access::permissions;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::EmailKind;
use doorward_domain::user::User;
use doorward_domain::{Changed, RequestContext, UserId};

use super::authorize::{AdminError, Asked, require, require_over};
use crate::Context;
use crate::email::OwnerNotices;
use crate::identity::delete_or_anonymize;

/// Removes a user on behalf of an administrator.
#[derive(Clone, Debug)]
pub struct AdminDeleteUser {
    context: Context,
}

impl AdminDeleteUser {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Removes the user, for good or until they are restored, as users who remove themselves are removed (SE-6).
    pub async fn run(&self, request: &RequestContext, id: &UserId) -> Result<(), AdminError> {
        require(&self.context, request, &permissions::user::DELETE)?;
        if request.signed_in().is_ok_and(|caller| caller.user.id == *id) {
            return Err(AdminError::RemoveOneself);
        }
        let tx = self.context.store().begin(request).await?;
        let target = require_over(
            &self.context,
            request,
            &*tx,
            id,
            &Asked::permissions(&[permissions::user::DELETE]),
        )
        .await?;
        if target.is_last_administrator() {
            return Err(AdminError::LastAdministrator);
        }
        delete_or_anonymize(tx, &self.context, target.user()).await?;
        Ok(())
    }
}

/// Brings a deleted user back, as long as they are kept.
#[derive(Clone, Debug)]
pub struct RestoreUser {
    context: Context,
}

impl RestoreUser {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Restores the user with the address they had, unless it was taken meanwhile. Needs the permission to remove users.
    pub async fn run(&self, request: &RequestContext, id: &UserId) -> Result<User, AdminError> {
        require(&self.context, request, &permissions::user::DELETE)?;
        let tx = self.context.store().begin(request).await?;
        if tx.users().restore(id, self.context.now()).await? == Changed::Stale {
            let there = tx.users().find(id).await?.is_some();
            return Err(if there {
                AdminError::NotDeleted
            } else {
                AdminError::UserNotFound
            });
        }
        // The row is this transaction's by now: whether the caller may bring back *this* user is decided on it.
        let target = require_over(
            &self.context,
            request,
            &*tx,
            id,
            &Asked::permissions(&[permissions::user::DELETE]),
        )
        .await?;
        let user = (**target.user()).clone();
        let notice = |circumstances| EmailKind::UserRestored { circumstances };
        let notices = OwnerNotices::new(self.context.clone());
        notices.of_act(&*tx, &user, notice).await?;
        tx.record(Event::of(EventKind::UserRestored, id)).await?;
        tx.commit().await?;
        tracing::info!(user = %id, "user restored");
        Ok(user)
    }
}
