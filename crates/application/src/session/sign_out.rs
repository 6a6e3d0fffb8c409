use doorward_domain::StoreError;
use doorward_domain::session::SessionToken;

use crate::Context;

/// Ends the session a browser holds.
#[derive(Clone, Debug)]
pub struct SignOut {
    context: Context,
}

impl SignOut {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Ends the session of this token. Nothing happens if there is none.
    pub async fn run(&self, token: &SessionToken) -> Result<(), StoreError> {
        let sessions = self.context.store().sessions();
        if let Some((session, user)) = sessions.find_with_user(token).await? {
            sessions.delete(&session.id).await?;
            tracing::info!(user = %user.id, session = %session.id, "signed out");
        }
        Ok(())
    }
}
