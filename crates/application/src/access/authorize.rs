use doorward_domain::access::{AccessPolicy, Permission, permissions};
use doorward_domain::password::{HashError, PasswordProblem};
use doorward_domain::user::{RoleList, User};
use doorward_domain::{
    Actor, Constraint, Locked, NotSignedIn, RequestContext, StoreError, Transaction, UserId,
};

use crate::Context;
use crate::hooks::Rejection;
use crate::identity::{Administered, DeletionError, lock_for_administration};

/// Why an administrator's request is refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The caller lacks this permission.
    #[error("{0} is not permitted")]
    NotPermitted(Permission),
    /// There is no such user.
    #[error("there is no such user")]
    UserNotFound,
    /// Callers cannot ban themselves.
    #[error("nobody can ban themselves")]
    BanOneself,
    /// Callers cannot remove themselves here.
    #[error("nobody can remove themselves")]
    RemoveOneself,
    /// The user is the last administrator (AC-5).
    #[error("the last administrator stays")]
    LastAdministrator,
    /// There is no such role (AC-7).
    #[error("there is no such role")]
    UnknownRole,
    /// The address is taken.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The username is taken.
    #[error("the username is taken")]
    UsernameTaken,
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
    /// A hook refused it.
    #[error(transparent)]
    Rejected(Rejection),
    /// Only signed-in users can do this, or the session was deleted meanwhile.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl From<DeletionError> for AdminError {
    fn from(error: DeletionError) -> Self {
        match error {
            DeletionError::AlreadyGone => Self::UserNotFound,
            DeletionError::Rejected(rejection) => Self::Rejected(rejection),
            DeletionError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Constraint::UserEmail) => Self::EmailTaken,
            StoreError::Conflict(Constraint::Username) => Self::UsernameTaken,
            error => Self::Store(error),
        }
    }
}

/// Authorizes the caller by the role that was read with the session (AC-2). Operators and the system may do everything.
pub(super) fn require(
    context: &Context,
    request: &RequestContext,
    permission: &Permission,
) -> Result<(), AdminError> {
    let permitted = match &request.actor {
        Actor::User(active) => {
            context.has_own_rights(active) && context.settings.access.permits(&active.user, permission)
        }
        Actor::Operator(_) | Actor::System(_) => true,
        Actor::Anonymous => false,
    };
    if permitted {
        Ok(())
    } else {
        tracing::info!(%permission, "not permitted");
        Err(AdminError::NotPermitted(permission.clone()))
    }
}

/// A user whom the caller may change, locked. Only [`require_over`] makes one, so that no use-case can forget to ask
/// whether the caller may change *this* person.
pub(super) struct Target(Administered);

impl Target {
    /// The user.
    pub(super) const fn user(&self) -> &Locked<User> {
        &self.0.user
    }

    /// Whether this is the last administrator (AC-5).
    pub(super) const fn is_last_administrator(&self) -> bool {
        self.0.is_last_administrator
    }
}

/// The user, if the caller has the permission, and no fewer permissions than the user has, where
/// `Security::protect_more_privileged` says so.
pub(super) async fn require_over(
    context: &Context,
    request: &RequestContext,
    tx: &dyn Transaction,
    id: &UserId,
    permission: &Permission,
) -> Result<Target, AdminError> {
    require(context, request, permission)?;
    let found = lock_for_administration(tx, context, id).await?;
    let target = found.ok_or(AdminError::UserNotFound)?;
    check_privileges(context, request, &target.user, permission)?;
    Ok(Target(target))
}

/// Refuses to change a user who has permissions that the caller lacks.
fn check_privileges(
    context: &Context,
    request: &RequestContext,
    target: &Locked<User>,
    permission: &Permission,
) -> Result<(), AdminError> {
    let settings = &context.settings;
    let Actor::User(caller) = &request.actor else {
        return Ok(());
    };
    let covered = !settings.security.protect_more_privileged
        || caller.user.id == target.id
        || settings.access.covers(&caller.user, target);
    if covered {
        Ok(())
    } else {
        tracing::info!(caller = %caller.user.id, user = %target.id, %permission, "the user may do more than the caller");
        Err(AdminError::NotPermitted(permission.clone()))
    }
}

/// Roles that this caller may grant (AC-7): none with permissions that the caller lacks, where
/// `Security::protect_more_privileged` says so.
pub(super) fn check_roles(
    context: &Context,
    request: &RequestContext,
    roles: &RoleList,
) -> Result<(), AdminError> {
    let settings = &context.settings;
    let only_shipped = settings.access.roles().eq(AccessPolicy::shipped().roles());
    let any_goes = only_shipped && !settings.security.declared_roles_only;
    if settings.access.undeclared_role(roles).is_some() && !any_goes {
        return Err(AdminError::UnknownRole);
    }
    match &request.actor {
        Actor::User(caller)
            if settings.security.protect_more_privileged
                && !settings.access.may_grant(&caller.user, roles) =>
        {
            Err(AdminError::NotPermitted(permissions::user::SET_ROLE))
        }
        _ => Ok(()),
    }
}
