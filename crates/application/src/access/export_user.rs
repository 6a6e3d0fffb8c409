use doorward_domain::access::permissions;
use doorward_domain::{RequestContext, UserId};

use super::authorize::{AdminError, Asked, require, require_over};
use crate::Context;
use crate::export::{Gathered, UserExport, gather};

/// Exports everything held about another user, for administrators and operators.
#[derive(Clone, Debug)]
pub struct ExportUser {
    context: Context,
}

impl ExportUser {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Everything held about the user, deleted or not.
    pub async fn run(&self, request: &RequestContext, id: &UserId) -> Result<UserExport, AdminError> {
        let permissions = [permissions::user::EXPORT];
        let [permission] = &permissions;
        require(&self.context, request, permission)?;
        let asked = Asked::permissions(&permissions);
        let tx = self.context.store().begin(request).await?;
        let user = match require_over(&self.context, request, &*tx, id, &asked).await {
            Ok(target) => target.user().clone().into_inner(),
            Err(AdminError::UserNotFound) => {
                // The permission was found to be there. Deleted users have no rights that the caller could lack.
                let deleted = tx.users().find_with_deleted(id).await?;
                deleted.ok_or(AdminError::UserNotFound)?
            }
            Err(error) => return Err(error),
        };
        let gathered = Gathered::record(tx, &self.context, user).await?;
        Ok(gather(&self.context, gathered).await?)
    }
}
