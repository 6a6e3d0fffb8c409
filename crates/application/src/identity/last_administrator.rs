use doorward_domain::user::{Administrators, User};
use doorward_domain::{Actor, Locked, NotSignedIn, RequestContext, StoreError, Transaction, UserId};

use crate::session::{Caller, confirm_caller, users_behind};
use crate::sign_in::SessionIssuer;
use crate::{Context, RequestError};

/// A user who is about to be changed and the caller, locked together with all administrators.
pub(crate) struct Administered {
    /// The user; none if they are gone.
    pub(crate) user: Option<Locked<User>>,
    /// The caller; none if it is an operator or the server itself.
    pub(crate) caller: Option<Caller>,
    /// Whether this is the last administrator (AC-5).
    pub(crate) is_last_administrator: bool,
}

/// Locks the user, the caller and all administrators in one statement, then decides on the locked rows: of two
/// administrators who remove each other at once, the second finds themselves signed out, demoted or the last (AC-5).
/// Refused if the caller's session ended since it was read.
pub(crate) async fn lock_for_administration(
    tx: &dyn Transaction,
    context: &Context,
    request: &RequestContext,
    id: &UserId,
) -> Result<Administered, RequestError> {
    let settings = &context.settings;
    let active = match &request.actor {
        Actor::User(active) => Some(active),
        Actor::Operator(_) | Actor::System(_) => None,
        Actor::Anonymous => return Err(NotSignedIn.into()),
    };
    let mut ids = active.map_or_else(Vec::new, |active| users_behind(active));
    ids.push(id.clone());
    let policy = &settings.access;
    let keeps_last = settings.admin.enabled && settings.security.keep_last_administrator;
    let nobody_else = Administrators::default();
    let others = if keeps_last {
        policy.administrators()
    } else {
        &nobody_else
    };
    let locked = tx.users().lock_with_administrators(&ids, others).await?;
    let caller = match active {
        Some(active) => {
            let caller = confirm_caller(tx, context, active, &locked).await?;
            Some(caller.ok_or(NotSignedIn)?)
        }
        None => None,
    };
    let (meant, others): (Vec<_>, Vec<_>) = locked.into_iter().partition(|user| user.id == *id);
    let user = meant.into_iter().next();
    let administers = user.as_ref().is_some_and(|user| policy.is_administrator(user));
    let is_last_administrator = keeps_last && administers && !is_any_able(tx, context, &others).await?;
    Ok(Administered {
        user,
        caller,
        is_last_administrator,
    })
}

/// Whether one of these users is an administrator who can sign in. Others do not count: nobody would be left who can administer.
async fn is_any_able(
    tx: &dyn Transaction,
    context: &Context,
    users: &[Locked<User>],
) -> Result<bool, StoreError> {
    let settings = &context.settings;
    let issuer = SessionIssuer::new(context.clone());
    let passwords = settings.email_and_password.enabled;
    for user in users.iter().filter(|user| settings.access.is_administrator(user)) {
        let accounts = tx.accounts().list(&user.id).await?;
        let has_way_in = accounts.iter().any(|account| account.is_usable(passwords));
        if has_way_in && issuer.would_admit(tx, user).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
