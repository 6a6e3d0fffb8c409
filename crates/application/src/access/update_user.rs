use chrono::TimeDelta;
use doorward_domain::access::{Permission, permissions};
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::EmailKind;
use doorward_domain::user::{Ban, RoleList, User, UserChange};
use doorward_domain::{RequestContext, UserId};

use super::authorize::{AdminError, Asked, check_roles, require, require_over};
use crate::Context;
use crate::email::OwnerNotices;
use crate::sign_in::SessionIssuer;
use crate::verification::cancel_links;

/// The roles a user is to have.
#[derive(Clone, Debug)]
pub struct RoleInput {
    /// Whose.
    pub user: UserId,
    /// Which, in place of those they have.
    pub role: RoleList,
}

/// A user to ban.
#[derive(Clone, Debug)]
pub struct BanInput {
    /// Whom.
    pub user: UserId,
    /// The reason; the configured one if absent.
    pub reason: Option<String>,
    /// The duration; the configured one if absent.
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
        request: &RequestContext,
        id: &UserId,
        change: UserChange,
    ) -> Result<User, AdminError> {
        self.permit(request, &permissions::user::UPDATE)?;
        let asks = [
            (change.role.is_some(), permissions::user::SET_ROLE),
            (!change.ban.is_empty(), permissions::user::BAN),
            (
                change.email.is_some() || change.email_verified.is_some(),
                permissions::user::SET_EMAIL,
            ),
        ];
        let more = asks
            .into_iter()
            .filter_map(|(asked, permission)| asked.then_some(permission));
        let needed: Vec<_> = [permissions::user::UPDATE].into_iter().chain(more).collect();
        for permission in &needed {
            self.permit(request, permission)?;
        }
        self.apply(request, id, change, &needed).await
    }

    /// Whether the caller may change fields of users at all.
    pub fn permit(&self, request: &RequestContext, permission: &Permission) -> Result<(), AdminError> {
        require(&self.context, request, permission)
    }

    /// Gives a user other roles.
    pub async fn set_role(&self, request: &RequestContext, input: RoleInput) -> Result<User, AdminError> {
        self.permit(request, &permissions::user::SET_ROLE)?;
        let change = UserChange {
            role: Some(input.role),
            ..UserChange::default()
        };
        self.apply(request, &input.user, change, &[permissions::user::SET_ROLE])
            .await
    }

    /// Bans a user and ends all their sessions (SE-6).
    pub async fn ban(&self, request: &RequestContext, input: BanInput) -> Result<User, AdminError> {
        self.permit(request, &permissions::user::BAN)?;
        let admin = &self.context.settings.admin;
        let duration = input.duration.or(admin.default_ban_expires_in);
        let reason = input.reason.unwrap_or_else(|| admin.default_ban_reason.clone());
        let change = UserChange {
            ban: Ban::of(reason, duration.map(|duration| self.context.now() + duration)).into(),
            ..UserChange::default()
        };
        self.apply(request, &input.user, change, &[permissions::user::BAN])
            .await
    }

    /// Removes a ban.
    pub async fn unban(&self, request: &RequestContext, id: &UserId) -> Result<User, AdminError> {
        self.permit(request, &permissions::user::BAN)?;
        let change = UserChange {
            ban: Ban::none().into(),
            ..UserChange::default()
        };
        self.apply(request, id, change, &[permissions::user::BAN]).await
    }

    /// Changes the user and all that follows from it, in one transaction.
    async fn apply(
        &self,
        request: &RequestContext,
        id: &UserId,
        mut change: UserChange,
        needed: &[Permission],
    ) -> Result<User, AdminError> {
        if let Some(role) = &change.role {
            check_roles(&self.context, request, role)?;
        }
        let settings = &self.context.settings;
        let bans = change.ban.banned == Some(true);
        let tx = self.context.store().begin(request).await?;
        let asked = Asked {
            permissions: needed,
            roles: change.role.as_ref(),
        };
        let target = require_over(&self.context, request, &*tx, id, &asked).await?;
        let user = target.user();
        if bans && request.signed_in().is_ok_and(|caller| caller.user.id == *id) {
            return Err(AdminError::BanOneself);
        }
        let moves = change.email.as_ref().is_some_and(|email| *email != user.email);
        if moves && settings.security.unverify_changed_email {
            // The new address is unverified, unless the administrator says otherwise.
            change.email_verified.get_or_insert(false);
        }
        let now = self.context.now();
        let after = user.clone().map(|user| change.applied_to(user, now));
        let demoted = !settings.access.is_administrator(&after);
        let issuer = SessionIssuer::new(self.context.clone());
        let locked_out = issuer.check_admission(user).is_ok() && issuer.check_admission(&after).is_err();
        if target.is_last_administrator() && (bans || demoted || locked_out) {
            return Err(AdminError::LastAdministrator);
        }
        if bans || moves && settings.security.revoke_sessions_on_email_set {
            let own = request.signed_in().ok().filter(|caller| caller.user.id == *id);
            let keep = own.map(|caller| &caller.session.id);
            tx.sessions().delete_all(id, keep).await?;
        }
        if bans || moves {
            cancel_links(&*tx, &self.context, user).await?;
        }
        let changed = tx.users().update(id, &change, now).await?;
        let changed = changed.ok_or(AdminError::UserNotFound)?;
        if moves {
            let notice = |circumstances| EmailKind::EmailChanged { circumstances };
            let notices = OwnerNotices::new(self.context.clone());
            notices.of_act(&*tx, user, notice).await?;
        }
        for event in events(&change, moves) {
            tx.record(Event::of(event, id)).await?;
        }
        tx.commit().await?;
        tracing::info!(user = %id, ?change.role, banned = ?changed.ban.banned, "user changed");
        Ok(changed)
    }
}

/// What an administrator's change amounts to.
fn events(change: &UserChange, moves: bool) -> Vec<EventKind> {
    let UserChange {
        profile,
        email: _,
        email_verified,
        role,
        ban,
    } = change;
    let ban = match ban.banned {
        Some(true) => Some(EventKind::UserBanned),
        Some(false) => Some(EventKind::UserUnbanned),
        None => (!ban.is_empty()).then_some(EventKind::UserUpdated),
    };
    let updated = !profile.is_empty() || email_verified.is_some();
    [
        updated.then_some(EventKind::UserUpdated),
        moves.then_some(EventKind::EmailChanged),
        role.is_some().then_some(EventKind::RoleChanged),
        ban,
    ]
    .into_iter()
    .flatten()
    .collect()
}
