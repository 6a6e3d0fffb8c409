use doorward_domain::access::{AccessPolicy, Permission, RoleList};
use doorward_domain::password::{HashError, PasswordProblem};
use doorward_domain::user::User;
use doorward_domain::{Constraint, StoreError, Transaction, UserId};

use crate::Context;
use crate::hooks::{HookError, Rejection};
use crate::session::CurrentSession;

/// Why an administrator's wish is refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Whoever asks may not do this.
    #[error("{0} is not permitted")]
    NotPermitted(Permission),
    /// There is no such user.
    #[error("there is no such user")]
    UserNotFound,
    /// Nobody can ban themselves.
    #[error("nobody can ban themselves")]
    BanOneself,
    /// Nobody can remove themselves here.
    #[error("nobody can remove themselves")]
    RemoveOneself,
    /// Nobody would be left to administer the others (AC-5).
    #[error("the last administrator stays")]
    LastAdministrator,
    /// There is no such role (AC-7).
    #[error("there is no such role")]
    UnknownRole,
    /// Somebody has the address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Administrators are not impersonated (AC-6).
    #[error("administrators are not impersonated")]
    ImpersonateAdministrator,
    /// The user is banned.
    #[error("the user is banned")]
    Banned,
    /// The user is not deleted, so there is nothing to restore.
    #[error("the user is not deleted")]
    NotDeleted,
    /// Choosing passwords of others is switched off (PW-12).
    #[error("administrators do not set passwords here")]
    SettingPasswordsDisabled,
    /// The policy refuses the password.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A hook says no.
    #[error(transparent)]
    Rejected(Rejection),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl From<HookError> for AdminError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::Rejected(rejection) => Self::Rejected(rejection),
            HookError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Constraint::UserEmail) => Self::EmailTaken,
            error => Self::Store(error),
        }
    }
}

/// Lets through who may do this, by the store's word of a moment ago (AC-2).
pub(super) fn require(
    context: &Context,
    caller: &CurrentSession,
    permission: &Permission,
) -> Result<(), AdminError> {
    if caller.has_rights(&context.settings) && context.settings.access.permits(&caller.user, permission) {
        Ok(())
    } else {
        tracing::info!(user = %caller.user.id, %permission, "not permitted");
        Err(AdminError::NotPermitted(permission.clone()))
    }
}

/// Roles that a user may be given (AC-7).
pub(super) fn check_roles(context: &Context, roles: &RoleList) -> Result<(), AdminError> {
    let settings = &context.settings;
    let only_shipped = settings.access.roles().eq(AccessPolicy::shipped().roles());
    let any_goes = only_shipped && !settings.security.declared_roles_only;
    match settings.access.undeclared_role(roles) {
        Some(_) if !any_goes => Err(AdminError::UnknownRole),
        _ => Ok(()),
    }
}

/// Whether nobody but this user administers the others (AC-5). Locks all administrators if the user is one, so that of two
/// who remove each other at once the second finds themselves the last; call it before locking the user alone.
pub(crate) async fn is_last_administrator(
    tx: &dyn Transaction,
    context: &Context,
    id: &UserId,
) -> Result<bool, StoreError> {
    let settings = &context.settings;
    if !settings.admin.enabled || !settings.security.keep_last_administrator {
        return Ok(false);
    }
    let found = tx.users().find(id).await?;
    if !found.is_some_and(|user| settings.access.is_administrator(&user)) {
        return Ok(false);
    }
    let now = context.now();
    let all = tx
        .users()
        .lock_administrators(settings.access.administrators())
        .await?;
    Ok(!all
        .iter()
        .any(|other| other.id != *id && !other.ban.is_active(now)))
}

/// The user, whom nobody else can change before this transaction ends.
pub(super) async fn lock(tx: &dyn Transaction, id: &UserId) -> Result<User, AdminError> {
    tx.users().lock(id).await?.ok_or(AdminError::UserNotFound)
}
