use doorward_domain::UserId;
use doorward_domain::access::{Decision, Permission, permissions};
use doorward_domain::user::User;

use super::authorize::{AdminError, require};
use crate::Context;
use crate::session::CurrentSession;

/// Tells callers what they may do themselves.
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
    pub fn run(&self, caller: &CurrentSession, wanted: &[Permission]) -> bool {
        let settings = &self.context.settings;
        caller.has_rights(settings) && settings.access.permits_all(&caller.user, wanted)
    }
}

/// Whether somebody may do something, and why.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Who.
    pub user: User,
    /// What decides.
    pub decision: Decision,
}

/// Explains to administrators why somebody may do something or not.
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
        caller: &CurrentSession,
        id: &UserId,
        permission: &Permission,
    ) -> Result<Explained, AdminError> {
        require(&self.context, caller, &permissions::user::GET)?;
        let found = self.context.store().users().find_with_deleted(id).await?;
        let user = found.ok_or(AdminError::UserNotFound)?;
        let decision = self
            .context
            .settings
            .access
            .decide(&user, permission, self.context.now());
        Ok(Explained { user, decision })
    }
}
