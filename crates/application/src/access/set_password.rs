use doorward_domain::access::permissions;
use doorward_domain::account::Account;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::EmailKind;
use doorward_domain::password::Password;
use doorward_domain::{AccountId, Changed, RequestContext, UserId};

use super::authorize::{AdminError, Asked, require, require_over};
use crate::Context;
use crate::device::KnownDevices;
use crate::email::OwnerNotices;
use crate::password::lift_attempt_limits;
use crate::verification::cancel_links;

/// Chooses a user's password on behalf of an administrator.
#[derive(Clone, Debug)]
pub struct SetUserPassword {
    context: Context,
}

impl SetUserPassword {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Sets the password, and adds the password account to a user who has none. Where it is wanted, the user has to sign
    /// in anew everywhere (PW-12).
    pub async fn run(
        &self,
        request: &RequestContext,
        id: &UserId,
        password: Password,
    ) -> Result<(), AdminError> {
        require(&self.context, request, &permissions::user::SET_PASSWORD)?;
        let settings = &self.context.settings;
        if !settings.admin.allow_setting_passwords {
            return Err(AdminError::SettingPasswordsDisabled);
        }
        let policy = &settings.email_and_password.password;
        policy.check_length(&password)?;
        let found = self.context.store().users().find(id).await?;
        let user = found.ok_or(AdminError::UserNotFound)?;
        self.context
            .check_new_password(&password, &user.name, &user.email)
            .await?;
        let hash = self.context.ports.hasher.hash(&password).await?;
        let now = self.context.now();
        let tx = self.context.store().begin(request).await?;
        let target = require_over(
            &self.context,
            request,
            &*tx,
            id,
            &Asked::permissions(&[permissions::user::SET_PASSWORD]),
        )
        .await?;
        if tx.accounts().set_password(id, &hash, now).await? == Changed::Stale {
            let account = AccountId::mint(now, self.context.entropy());
            let account = Account::with_password(account, id.clone(), hash, now);
            tx.accounts().insert(&account).await?;
        }
        if settings.security.revoke_sessions_on_password_set {
            let caller = request.signed_in().ok().filter(|caller| caller.user.id == *id);
            let keep = caller.map(|caller| &caller.session.id);
            tx.sessions().delete_all(id, keep).await?;
            KnownDevices::new(self.context.clone()).forget(&*tx, id).await?;
        }
        lift_attempt_limits(&*tx, target.user()).await?;
        cancel_links(&*tx, &self.context, target.user()).await?;
        let notice = |circumstances| EmailKind::PasswordChanged { circumstances };
        OwnerNotices::new(self.context.clone())
            .of_act(&*tx, target.user(), notice)
            .await?;
        tx.record(Event::of(EventKind::PasswordSet, id)).await?;
        tx.commit().await?;
        tracing::info!(user = %id, "password set");
        Ok(())
    }
}
