use doorward_domain::account::Unlinked;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::{EmailKind, SignInMethod};
use doorward_domain::{AccountId, NotSignedIn, RequestContext, StoreError};

use crate::Context;
use crate::email::OwnerNotices;
use crate::session::lock_caller;

/// Why an account was not removed.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// It is the only way left to sign in.
    #[error("the last account cannot be unlinked")]
    WasLast,
    /// The user has no such account.
    #[error("the user has no such account")]
    Unknown,
    /// No session, or the session or the user was deleted meanwhile.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Removes one way to sign in of the user who makes the request.
#[derive(Clone, Debug)]
pub struct UnlinkAccount {
    context: Context,
    notices: OwnerNotices,
}

impl UnlinkAccount {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            notices: OwnerNotices::new(context.clone()),
            context,
        }
    }

    /// Removes the user's account of this id. Two requests at once cannot remove the last two (AL-4).
    pub async fn run(&self, request: &RequestContext, account: &AccountId) -> Result<(), UnlinkError> {
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let owner = &locked.ok_or(NotSignedIn)?.user;
        let user = &owner.id;
        let accounts = tx.accounts().list(user).await?;
        match tx
            .accounts()
            .unlink(user, account, self.context.settings.account.allow_unlinking_all)
            .await?
        {
            Unlinked::Done => {}
            Unlinked::WasLast => return Err(UnlinkError::WasLast),
            Unlinked::Unknown => return Err(UnlinkError::Unknown),
        }
        if let Some(unlinked) = accounts.into_iter().find(|theirs| theirs.id == *account) {
            let method = SignInMethod::from_stored(unlinked.provider_id);
            let notice = |circumstances| EmailKind::AccountUnlinked {
                method,
                circumstances,
            };
            self.notices.of_act(&*tx, owner, notice).await?;
        }
        tx.record(Event::of(EventKind::AccountUnlinked, user)).await?;
        tx.commit().await?;
        tracing::info!(%user, %account, "account unlinked");
        Ok(())
    }
}
