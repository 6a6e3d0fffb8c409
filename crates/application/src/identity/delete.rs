use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::EmailKind;
use doorward_domain::user::User;
use doorward_domain::{Locked, Removed, StoreError, Transaction};

use crate::Context;
use crate::device::KnownDevices;
use crate::email::OwnerNotices;
use crate::hooks::{HookError, Rejection};
use crate::settings::DeletionMode;
use crate::verification::cancel_all_links;

/// Why a user was not deleted. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeletionError {
    /// The user was deleted before.
    #[error("the user is gone")]
    AlreadyGone,
    /// A hook refused it.
    #[error(transparent)]
    Rejected(Rejection),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deletes a user as it is configured: at once, or hidden until the retention is over. Either way all sessions and all
/// links that were mailed end with it (SE-6, TK-5).
pub(crate) async fn delete_or_anonymize(
    tx: Box<dyn Transaction>,
    context: &Context,
    user: &Locked<User>,
) -> Result<(), DeletionError> {
    let mode = context.settings.delete_user.mode;
    let hooks = &context.ports.hooks.deletion;
    hooks.before_commit(&*tx, user).await?;
    // Before the deletion, which erases what is personal in the events of the user, this one included (DT-2).
    tx.record(Event::of(EventKind::UserDeleted, &user.id)).await?;
    let removed = match mode {
        DeletionMode::Hard => tx.users().delete(&user.id).await?,
        DeletionMode::Soft => tx.users().soft_delete(&user.id, context.now()).await?,
    };
    if removed == Removed::AlreadyGone {
        return Err(DeletionError::AlreadyGone);
    }
    tx.sessions().delete_all(&user.id, None).await?;
    KnownDevices::new(context.clone()).forget(&*tx, &user.id).await?;
    let notice = |circumstances| EmailKind::UserDeleted { circumstances };
    OwnerNotices::new(context.clone())
        .of_act(&*tx, user, notice)
        .await?;
    if mode == DeletionMode::Soft {
        // They may be restored. Of a user who is gone at once, everything is gone.
        cancel_all_links(&*tx, context, user).await?;
    }
    tx.commit().await?;
    tracing::info!(user = %user.id, ?mode, "user deleted");
    hooks.after_commit(user).await;
    Ok(())
}

impl From<HookError> for DeletionError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::Rejected(rejection) => Self::Rejected(rejection),
            HookError::Store(error) => Self::Store(error),
        }
    }
}
