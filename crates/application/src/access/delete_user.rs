use doorward_domain::UserId;
use doorward_domain::access::permissions;
use doorward_domain::user::User;

use super::authorize::{AdminError, is_last_administrator, lock, require};
use crate::Context;
use crate::session::CurrentSession;
use crate::user::delete_or_anonymize;

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
    pub async fn run(&self, caller: &CurrentSession, id: &UserId) -> Result<(), AdminError> {
        require(&self.context, caller, &permissions::user::DELETE)?;
        if caller.user.id == *id {
            return Err(AdminError::RemoveOneself);
        }
        let tx = self.context.store().begin().await?;
        if is_last_administrator(&*tx, &self.context, id).await? {
            return Err(AdminError::LastAdministrator);
        }
        let user = lock(&*tx, id).await?;
        delete_or_anonymize(tx, &self.context, &user).await?;
        tracing::info!(by = %caller.user.id, user = %id, "user removed");
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

    /// Restores the user with the address they had, unless somebody took it meanwhile. Who may remove may restore.
    pub async fn run(&self, caller: &CurrentSession, id: &UserId) -> Result<User, AdminError> {
        require(&self.context, caller, &permissions::user::DELETE)?;
        let tx = self.context.store().begin().await?;
        if !tx.users().restore(id, self.context.now()).await? {
            let there = tx.users().find(id).await?.is_some();
            return Err(if there {
                AdminError::NotDeleted
            } else {
                AdminError::UserNotFound
            });
        }
        let user = tx.users().find(id).await?.ok_or(AdminError::UserNotFound)?;
        tx.commit().await?;
        tracing::info!(by = %caller.user.id, user = %id, "user restored");
        Ok(user)
    }
}
