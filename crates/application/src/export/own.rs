use doorward_domain::{NotSignedIn, RequestContext, StoreError};

use super::{Gathered, UserExport, gather};
use crate::Context;
use crate::session::lock_caller;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// An administrator who impersonates the user. Whoever wants everything about somebody else asks as who they are.
    #[error("the export is for the user alone")]
    Impersonated,
    /// The session is not fresh.
    #[error("the session is not fresh")]
    NotFresh,
    /// No session, or the session or the user was deleted meanwhile.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Exports everything held about the user who makes the request.
#[derive(Clone, Debug)]
pub struct ExportOwnData {
    context: Context,
}

impl ExportOwnData {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Everything held about the user. Needs a fresh session: whoever stole an older one does not get all at once.
    pub async fn run(&self, request: &RequestContext) -> Result<UserExport, ExportError> {
        let caller = request.signed_in()?;
        if caller.session.impersonated_by.is_some() {
            return Err(ExportError::Impersonated);
        }
        let policy = &self.context.settings.session;
        if !policy.is_fresh(&caller.session, self.context.now()) {
            return Err(ExportError::NotFresh);
        }
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let user = locked.ok_or(NotSignedIn)?.user.into_inner();
        let gathered = Gathered::record(tx, &self.context, user).await?;
        Ok(gather(&self.context, gathered).await?)
    }
}
