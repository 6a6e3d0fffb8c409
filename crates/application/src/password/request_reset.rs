use doorward_domain::device::DeviceToken;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::user::Email;
use doorward_domain::{RequestContext, StoreError, UserId};

use super::ResetLinks;
use crate::Context;
use crate::device::KnownDevices;
use crate::email::{Asker, Written};

/// Why no reset link can be asked for.
#[derive(Debug, thiserror::Error)]
pub enum RequestResetError {
    /// Passwords cannot be reset by mail.
    #[error("resetting passwords is not enabled")]
    Disabled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Mails a link for setting a new password.
#[derive(Clone, Debug)]
pub struct RequestPasswordReset {
    context: Context,
    devices: KnownDevices,
    links: ResetLinks,
}

impl RequestPasswordReset {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            devices: KnownDevices::new(context.clone()),
            links: ResetLinks::new(context.clone()),
            context,
        }
    }

    /// Emails the owner of the address, if there is one, and does not reveal to the caller whether it did (EN-1). From a
    /// device that the owner knows it is they who ask.
    pub async fn run(
        &self,
        request: &RequestContext,
        email: &Email,
        device: Option<&DeviceToken>,
        redirect_to: Option<&RedirectTarget>,
    ) -> Result<(), RequestResetError> {
        if !self.context.settings.email_and_password.send_reset_password {
            return Err(RequestResetError::Disabled);
        }
        if let Some(user) = self.context.store().users().find_by_email(email).await? {
            let asker = Asker::owner_if(self.devices.is_known(&user.id, device).await?);
            self.mail(request, &user.id, email, asker, redirect_to).await?;
        }
        Ok(())
    }

    /// The user is locked, so that no change of address comes between reading it and writing the link (TK-5).
    async fn mail(
        &self,
        request: &RequestContext,
        id: &UserId,
        email: &Email,
        asker: Asker,
        redirect_to: Option<&RedirectTarget>,
    ) -> Result<(), StoreError> {
        let tx = self.context.store().begin(request).await?;
        let locked = tx.users().lock(id).await?;
        let Some(user) = locked.filter(|user| user.email == *email) else {
            return Ok(());
        };
        match self.links.write(&*tx, &user, asker, redirect_to).await? {
            Written::Queued => tx.commit().await,
            // Nothing is written, so that the links in earlier emails stay good.
            Written::OverLimit => Ok(()),
        }
    }
}
