use doorward_domain::session::{ActiveSession, Session};
use doorward_domain::user::{Administrators, User};
use doorward_domain::{Locked, RequestContext, StoreError, Transaction, UserId};

use crate::Context;

/// The user who makes a request, and the session they make it with, locked: neither can change before the transaction ends.
pub(crate) struct Caller {
    /// The user.
    pub(crate) user: Locked<User>,
    /// The session, which is live.
    pub(crate) session: Locked<Session>,
}

/// Locks the user who makes the request and then their session. None if nobody is signed in or the session ended since it was
/// read: it was revoked or expired, the user is gone, or the administrator of an impersonation may not impersonate any more.
///
/// Whatever users write on their own behalf begins with this. All sessions of a user are ended under the lock of the user,
/// so what is written for a session is either seen by whoever ends it, or not written (SE-5).
pub(crate) async fn lock_caller(
    tx: &dyn Transaction,
    context: &Context,
    request: &RequestContext,
) -> Result<Option<Caller>, StoreError> {
    let Ok(active) = request.signed_in() else {
        return Ok(None);
    };
    let nobody_else = Administrators::default();
    let users = tx
        .users()
        .lock_with_administrators(&users_behind(active), &nobody_else)
        .await?;
    confirm_caller(tx, context, active, &users).await
}

/// The users whose rows decide whether the session goes on: its user and, in an impersonation, the administrator.
pub(crate) fn users_behind(active: &ActiveSession) -> Vec<UserId> {
    let administrator = active.session.impersonated_by.as_ref();
    let both = [&active.user.id].into_iter().chain(administrator);
    both.cloned().collect()
}

/// As [`lock_caller`], where [`users_behind`] the session are among the users that are locked already.
pub(crate) async fn confirm_caller(
    tx: &dyn Transaction,
    context: &Context,
    active: &ActiveSession,
    locked: &[Locked<User>],
) -> Result<Option<Caller>, StoreError> {
    let find = |id: &UserId| locked.iter().find(|user| user.id == *id);
    let Some(user) = find(&active.user.id) else {
        return Ok(None);
    };
    let Some(session) = tx.sessions().lock(&active.session.id).await? else {
        return Ok(None);
    };
    let (settings, now) = (&context.settings, context.now());
    let goes_on = session.impersonated_by.as_ref().is_none_or(|administrator| {
        find(administrator).is_some_and(|user| settings.access.may_impersonate(user, now))
    });
    let is_theirs = session.user_id == user.id && settings.session.is_live(&session, now) && goes_on;
    Ok(is_theirs.then(|| Caller {
        user: user.clone(),
        session,
    }))
}
