use doorward_domain::access::{AccessPolicy, Permission, permissions};
use doorward_domain::password::{HashError, PasswordProblem};
use doorward_domain::user::{RoleList, User};
use doorward_domain::{
    Actor, Constraint, Locked, NotSignedIn, RequestContext, StoreError, Transaction, UserId,
};

use crate::hooks::Rejection;
use crate::identity::{Administered, DeletionError, lock_for_administration};
use crate::session::{Caller, lock_caller};
use crate::{Context, RequestError};

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
    /// Passwords cannot be reset by mail.
    #[error("resetting passwords is not enabled")]
    ResetsDisabled,
    /// The user got too many emails of this kind (RL-7).
    #[error("the user got too many of these emails")]
    TooManyEmails,
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

impl From<RequestError> for AdminError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotSignedIn(error) => error.into(),
            RequestError::Store(error) => error.into(),
        }
    }
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

/// Whose rights decide about a request.
#[derive(Clone, Copy)]
enum Rights<'a> {
    /// Operators and the system may do everything.
    Unlimited,
    /// This user's.
    Of(&'a User),
    /// The caller has none of their own.
    None,
}

impl<'a> Rights<'a> {
    /// Those of the user as read with the session.
    fn as_read(context: &Context, request: &'a RequestContext) -> Self {
        match &request.actor {
            Actor::User(active) if context.has_own_rights(active) => Self::Of(&active.user),
            Actor::User(_) | Actor::Anonymous => Self::None,
            Actor::Operator(_) | Actor::System(_) => Self::Unlimited,
        }
    }

    /// Those of the caller whose row is locked, which count where something is written. A caller who is banned has none.
    fn as_locked(context: &Context, request: &RequestContext, caller: Option<&'a Caller>) -> Self {
        match (Rights::as_read(context, request), caller) {
            (Rights::Unlimited, _) => Self::Unlimited,
            (Rights::Of(_), Some(caller)) if !caller.user.ban.is_active(context.now()) => {
                Self::Of(&caller.user)
            }
            (Rights::Of(_) | Rights::None, _) => Self::None,
        }
    }

    fn require(self, context: &Context, permission: &Permission) -> Result<(), AdminError> {
        let permitted = match self {
            Self::Unlimited => true,
            Self::Of(user) => context.settings.access.permits(user, permission),
            Self::None => false,
        };
        if permitted {
            Ok(())
        } else {
            tracing::info!(%permission, "not permitted");
            Err(AdminError::NotPermitted(permission.clone()))
        }
    }

    /// Refuses to change a user who has permissions that the caller lacks.
    fn require_covering(
        self,
        context: &Context,
        target: &User,
        permission: &Permission,
    ) -> Result<(), AdminError> {
        let settings = &context.settings;
        let Self::Of(caller) = self else {
            return Ok(());
        };
        let covered = !settings.security.protect_more_privileged
            || caller.id == target.id
            || settings.access.covers(caller, target);
        if covered {
            Ok(())
        } else {
            tracing::info!(caller = %caller.id, user = %target.id, %permission, "the user may do more than the caller");
            Err(AdminError::NotPermitted(permission.clone()))
        }
    }

    /// Refuses to grant permissions that the caller lacks.
    fn require_granting(self, context: &Context, roles: &RoleList) -> Result<(), AdminError> {
        let settings = &context.settings;
        match self {
            Self::Of(caller)
                if settings.security.protect_more_privileged && !settings.access.may_grant(caller, roles) =>
            {
                Err(AdminError::NotPermitted(permissions::user::SET_ROLE))
            }
            Self::Of(_) | Self::Unlimited | Self::None => Ok(()),
        }
    }
}

/// Refuses early whom the user as read with the session does not permit it (AC-2). What writes decides again on the locked row:
/// by [`require_over`] or [`require_locked`].
pub(crate) fn require(
    context: &Context,
    request: &RequestContext,
    permission: &Permission,
) -> Result<(), AdminError> {
    Rights::as_read(context, request).require(context, permission)
}

/// Refuses roles early that nobody has, or that the caller, as read with the session, may not grant (AC-7): those with
/// permissions that the caller lacks, where `Security::protect_more_privileged` says so.
pub(super) fn check_roles(
    context: &Context,
    request: &RequestContext,
    roles: &RoleList,
) -> Result<(), AdminError> {
    let settings = &context.settings;
    let shipped = AccessPolicy::shipped();
    let with_log = shipped.clone().reading_audit_log();
    let is_like = |policy: &AccessPolicy| settings.access.roles().eq(policy.roles());
    let only_shipped = is_like(&shipped) || is_like(&with_log);
    let any_goes = only_shipped && !settings.security.declared_roles_only;
    if settings.access.undeclared_role(roles).is_some() && !any_goes {
        return Err(AdminError::UnknownRole);
    }
    Rights::as_read(context, request).require_granting(context, roles)
}

/// What a caller asks for.
pub(super) struct Asked<'a> {
    /// Permissions. The first is named if a user may do more than the caller.
    pub(super) permissions: &'a [Permission],
    /// Roles to grant.
    pub(super) roles: Option<&'a RoleList>,
}

impl<'a> Asked<'a> {
    /// These permissions, and no roles.
    pub(super) const fn permissions(permissions: &'a [Permission]) -> Self {
        Self {
            permissions,
            roles: None,
        }
    }

    fn check(&self, context: &Context, rights: Rights<'_>) -> Result<(), AdminError> {
        for permission in self.permissions {
            rights.require(context, permission)?;
        }
        self.roles
            .map_or(Ok(()), |roles| rights.require_granting(context, roles))
    }
}

/// Locks the caller and decides on the locked row, where no user is there to be changed.
pub(super) async fn require_locked(
    context: &Context,
    request: &RequestContext,
    tx: &dyn Transaction,
    asked: &Asked<'_>,
) -> Result<(), AdminError> {
    let caller = match &request.actor {
        Actor::User(_) => Some(lock_caller(tx, context, request).await?.ok_or(NotSignedIn)?),
        Actor::Operator(_) | Actor::System(_) | Actor::Anonymous => None,
    };
    asked.check(context, Rights::as_locked(context, request, caller.as_ref()))
}

/// A user whom the caller may change, locked. Only [`require_over`] makes one, so that no use-case can forget to ask
/// whether the caller may change *this* person.
pub(super) struct Target {
    user: Locked<User>,
    caller: Option<Caller>,
    is_last_administrator: bool,
}

impl Target {
    /// The user.
    pub(super) const fn user(&self) -> &Locked<User> {
        &self.user
    }

    /// The caller; none if it is an operator.
    pub(super) const fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Whether this is the last administrator (AC-5).
    pub(super) const fn is_last_administrator(&self) -> bool {
        self.is_last_administrator
    }
}

/// The user, if the caller has what is asked for, and no fewer permissions than the user has, where
/// `Security::protect_more_privileged` says so. Both are locked together, and the caller's session is there.
pub(super) async fn require_over(
    context: &Context,
    request: &RequestContext,
    tx: &dyn Transaction,
    id: &UserId,
    asked: &Asked<'_>,
) -> Result<Target, AdminError> {
    let Administered {
        user,
        caller,
        is_last_administrator,
    } = lock_for_administration(tx, context, request, id).await?;
    let rights = Rights::as_locked(context, request, caller.as_ref());
    asked.check(context, rights)?;
    let user = user.ok_or(AdminError::UserNotFound)?;
    if let Some(permission) = asked.permissions.first() {
        rights.require_covering(context, &user, permission)?;
    }
    Ok(Target {
        user,
        caller,
        is_last_administrator,
    })
}
