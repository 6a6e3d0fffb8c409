use doorward_domain::access::permissions;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::{RequestContext, UserId};

use super::authorize::{AdminError, Asked, require, require_over};
use crate::Context;
use crate::email::{Asker, Written};
use crate::password::ResetLinks;

/// Mails a user a link for setting a new password, on behalf of an administrator (PW-12).
#[derive(Clone, Debug)]
pub struct SendPasswordReset {
    context: Context,
    links: ResetLinks,
}

impl SendPasswordReset {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            links: ResetLinks::new(context.clone()),
            context,
        }
    }

    /// Mails the link to the address of the user. The administrator learns neither the link nor a password. Until the user follows
    /// it, their password and sessions stay; of older links only this one is good, where `Security::cancel_older_links` says so.
    pub async fn run(
        &self,
        request: &RequestContext,
        id: &UserId,
        redirect_to: Option<&RedirectTarget>,
    ) -> Result<(), AdminError> {
        require(&self.context, request, &permissions::user::SET_PASSWORD)?;
        if !self.context.settings.email_and_password.send_reset_password {
            return Err(AdminError::ResetsDisabled);
        }
        let tx = self.context.store().begin(request).await?;
        let target = require_over(
            &self.context,
            request,
            &*tx,
            id,
            &Asked::permissions(&[permissions::user::SET_PASSWORD]),
        )
        .await?;
        let written = self
            .links
            .write(&*tx, target.user(), Asker::Administrator, redirect_to)
            .await?;
        match written {
            Written::Queued => Ok(tx.commit().await?),
            Written::OverLimit => Err(AdminError::TooManyEmails),
        }
    }
}
