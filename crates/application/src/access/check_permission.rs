use doorward_domain::access::{Decision, Permission, permissions};
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::user::User;
use doorward_domain::{RequestContext, UserId};

use super::authorize::{AdminError, require};
use crate::Context;
use crate::audit::record;

/// Answers whether the caller has permissions.
#[derive(Clone, Debug)]
pub struct CheckPermission {
    context: Context,
}

impl CheckPermission {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Whether one role of the caller permits all of these. Nothing is never permitted.
    #[must_use]
    pub fn run(&self, request: &RequestContext, wanted: &[Permission]) -> bool {
        let policy = &self.context.settings.access;
        request.signed_in().is_ok_and(|caller| {
            self.context.has_own_rights(caller) && policy.permits_all(&caller.user, wanted)
        })
    }
}

/// Whether a user has a permission, and why.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Who.
    pub user: User,
    /// What decides.
    pub decision: Decision,
}

/// Explains to administrators why a user has a permission or not.
#[derive(Clone, Debug)]
pub struct ExplainDecision {
    context: Context,
}

impl ExplainDecision {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// What decides whether this user, deleted or not, may do this.
    pub async fn run(
        &self,
        request: &RequestContext,
        id: &UserId,
        permission: &Permission,
    ) -> Result<Explained, AdminError> {
        require(&self.context, request, &permissions::user::GET)?;
        let found = self.context.store().users().find_with_deleted(id).await?;
        let user = found.ok_or(AdminError::UserNotFound)?;
        let event = Event::of(EventKind::AccessExplained, id);
        record(&self.context, request, event.with_details(permission.to_string())).await?;
        let decision = self
            .context
            .settings
            .access
            .decide(&user, permission, self.context.now());
        Ok(Explained { user, decision })
    }
}
