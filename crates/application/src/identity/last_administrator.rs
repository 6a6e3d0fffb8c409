use doorward_domain::user::User;
use doorward_domain::{Locked, StoreError, Transaction, UserId};

use crate::Context;
use crate::sign_in::SessionIssuer;

/// A user who is about to be changed, locked together with all administrators.
pub(crate) struct Administered {
    /// The user.
    pub(crate) user: Locked<User>,
    /// Whether this is the last administrator (AC-5).
    pub(crate) is_last_administrator: bool,
}

/// Locks the user and all administrators in one statement, then decides on the locked rows: of two administrators who
/// remove each other at once, the second finds themselves the last (AC-5). None if the user is gone.
pub(crate) async fn lock_for_administration(
    tx: &dyn Transaction,
    context: &Context,
    id: &UserId,
) -> Result<Option<Administered>, StoreError> {
    let settings = &context.settings;
    if !settings.admin.enabled || !settings.security.keep_last_administrator {
        let user = tx.users().lock(id).await?;
        return Ok(user.map(|user| Administered {
            user,
            is_last_administrator: false,
        }));
    }
    let policy = &settings.access;
    let locked = tx
        .users()
        .lock_with_administrators(id, policy.administrators())
        .await?;
    // A user who cannot sign in does not count as an administrator.
    let issuer = SessionIssuer::new(context.clone());
    let another = locked.iter().any(|other| {
        other.id != *id && policy.is_administrator(other) && issuer.check_admission(other).is_ok()
    });
    let user = locked.into_iter().find(|user| user.id == *id);
    Ok(user.map(|user| Administered {
        is_last_administrator: policy.is_administrator(&user) && !another,
        user,
    }))
}
