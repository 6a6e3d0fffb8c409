use doorward_domain::RequestContext;
use doorward_domain::session::{Session, TokenStorage};

use super::ActiveSession;
use crate::{Context, RequestError};

/// A session in a list.
#[derive(Clone, Debug)]
pub struct ListedSession {
    /// The session.
    pub session: Session,
    /// Identifies the session in a request to revoke it. It does not authenticate, unless tokens are stored in plaintext and the
    /// list contains them as Better Auth's does (TK-2).
    pub handle: String,
}

/// Lists the sessions of the user who makes the request.
#[derive(Clone, Debug)]
pub struct ListSessions {
    context: Context,
}

impl ListSessions {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// The sessions of the user that have not expired, oldest first; not impersonations.
    pub async fn run(&self, request: &RequestContext) -> Result<Vec<ListedSession>, RequestError> {
        let caller = request.signed_in()?;
        let policy = &self.context.settings.session;
        let now = self.context.now();
        let sessions = self
            .context
            .store()
            .sessions()
            .list_live(&caller.user.id, now)
            .await?;
        let living = sessions
            .into_iter()
            .filter(|session| policy.is_live(session, now) && session.impersonated_by.is_none());
        Ok(living
            .map(|session| ListedSession {
                handle: handle(&self.context, &session, Some(caller)),
                session,
            })
            .collect())
    }
}

/// The handle of a session for its user or an administrator, see [`ListedSession::handle`].
pub(crate) fn handle(context: &Context, session: &Session, caller: Option<&ActiveSession>) -> String {
    let security = &context.settings.security;
    let own = caller.filter(|caller| caller.session.id == session.id);
    let is_of_others = caller.is_none_or(|caller| caller.user.id != session.user_id);
    // A token is as good as a sign-in: whoever has it may do all that its user may, and is bound by no impersonation.
    let is_hidden = own.is_none()
        && (security.protect_more_privileged && is_of_others
            || caller.is_some_and(|caller| !context.has_own_rights(caller)));
    match (security.tokens_at_rest, own) {
        (TokenStorage::Digest, Some(caller)) => caller.token.expose().to_owned(),
        (TokenStorage::Plaintext, _) if session.token.storage() == TokenStorage::Plaintext && !is_hidden => {
            session.token.as_str().to_owned()
        }
        (TokenStorage::Digest | TokenStorage::Plaintext, _) => session.id.as_str().to_owned(),
    }
}
