use chrono::TimeDelta;
use doorward_domain::access::{Ban, Permission, RoleList, permissions};
use doorward_domain::user::{User, UserChange};
use doorward_domain::verification::Purpose;
use doorward_domain::{StoreError, Transaction, UserId};

use super::authorize::{AdminError, check_roles, is_last_administrator, lock, require};
use crate::Context;
use crate::session::CurrentSession;

/// The roles a user is to have.
#[derive(Clone, Debug)]
pub struct RoleInput {
    /// Whose.
    pub user: UserId,
    /// Which, in place of those they have.
    pub role: RoleList,
}

/// A user who is to be kept out.
#[derive(Clone, Debug)]
pub struct BanInput {
    /// Whom.
    pub user: UserId,
    /// Why; the configured reason if nobody says.
    pub reason: Option<String>,
    /// For how long; the configured duration if nobody says.
    pub duration: Option<TimeDelta>,
}

/// Changes users on behalf of administrators: their data, roles and bans.
#[derive(Clone, Debug)]
pub struct AdminUpdateUser {
    context: Context,
}

impl AdminUpdateUser {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Changes whatever of a user the caller may change. Each kind of field asks for a permission of its own.
    pub async fn run(
        &self,
        caller: &CurrentSession,
        id: &UserId,
        change: UserChange,
    ) -> Result<User, AdminError> {
        self.permit(caller, &permissions::user::UPDATE)?;
        let asks = [
            (change.role.is_some(), permissions::user::SET_ROLE),
            (!change.ban.is_empty(), permissions::user::BAN),
            (
                change.email.is_some() || change.email_verified.is_some(),
                permissions::user::SET_EMAIL,
            ),
        ];
        for (_, permission) in asks.iter().filter(|(asked, _)| *asked) {
            self.permit(caller, permission)?;
        }
        self.apply(caller, id, change).await
    }

    /// Whether the caller may change fields of users at all.
    pub fn permit(&self, caller: &CurrentSession, permission: &Permission) -> Result<(), AdminError> {
        require(&self.context, caller, permission)
    }

    /// Gives a user other roles.
    pub async fn set_role(&self, caller: &CurrentSession, input: RoleInput) -> Result<User, AdminError> {
        self.permit(caller, &permissions::user::SET_ROLE)?;
        let change = UserChange {
            role: Some(input.role),
            ..UserChange::default()
        };
        self.apply(caller, &input.user, change).await
    }

    /// Keeps a user out: ends all their sessions (SE-6).
    pub async fn ban(&self, caller: &CurrentSession, input: BanInput) -> Result<User, AdminError> {
        self.permit(caller, &permissions::user::BAN)?;
        let admin = &self.context.settings.admin;
        let duration = input.duration.or(admin.default_ban_expires_in);
        let reason = input.reason.unwrap_or_else(|| admin.default_ban_reason.clone());
        let change = UserChange {
            ban: Ban::of(reason, duration.map(|duration| self.context.now() + duration)).into(),
            ..UserChange::default()
        };
        self.apply(caller, &input.user, change).await
    }

    /// Lets a banned user in again.
    pub async fn unban(&self, caller: &CurrentSession, id: &UserId) -> Result<User, AdminError> {
        self.permit(caller, &permissions::user::BAN)?;
        let change = UserChange {
            ban: Ban::none().into(),
            ..UserChange::default()
        };
        self.apply(caller, id, change).await
    }

    /// Changes the user and all that follows from it, in one transaction.
    async fn apply(
        &self,
        caller: &CurrentSession,
        id: &UserId,
        change: UserChange,
    ) -> Result<User, AdminError> {
        if let Some(role) = &change.role {
            check_roles(&self.context, role)?;
        }
        let bans = change.ban.banned == Some(true);
        let tx = self.context.store().begin().await?;
        let is_last = is_last_administrator(&*tx, &self.context, id).await?;
        let target = lock(&*tx, id).await?;
        if bans && caller.user.id == *id {
            return Err(AdminError::BanOneself);
        }
        let now = self.context.now();
        let policy = &self.context.settings.access;
        let demoted = !policy.is_administrator(&change.applied_to(target.clone(), now));
        if is_last && (bans || demoted) {
            return Err(AdminError::LastAdministrator);
        }
        if bans {
            end_everything(&*tx, &self.context, id).await?;
        } else if change.email.as_ref().is_some_and(|email| *email != target.email) {
            cancel_links(&*tx, &self.context, id).await?;
        }
        let changed = tx.users().update(id, &change, now).await?;
        let changed = changed.ok_or(AdminError::UserNotFound)?;
        tx.commit().await?;
        tracing::info!(by = %caller.user.id, user = %id, ?change.role, banned = ?changed.ban.banned, "user changed");
        Ok(changed)
    }
}

/// Ends the sessions of a user and all that was mailed to them.
async fn end_everything(tx: &dyn Transaction, context: &Context, user: &UserId) -> Result<(), StoreError> {
    tx.sessions().delete_all(user, None).await?;
    cancel_links(tx, context, user).await
}

/// What was mailed to a user is worth nothing any more (TK-5).
pub(super) async fn cancel_links(
    tx: &dyn Transaction,
    context: &Context,
    user: &UserId,
) -> Result<(), StoreError> {
    if context.settings.security.cancel_older_links {
        tx.verifications().cancel(user, &Purpose::ALL).await?;
    }
    Ok(())
}
