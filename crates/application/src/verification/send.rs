use doorward_domain::audit::{Event, EventKind};
use doorward_domain::device::DeviceToken;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::user::{Email, User};
use doorward_domain::{Locked, NotSignedIn, RequestContext, StoreError, Transaction};

use super::VerificationLinks;
use crate::Context;
use crate::device::KnownDevices;
use crate::email::{Asker, Written};
use crate::session::lock_caller;

/// Why no verification email is sent.
#[derive(Debug, thiserror::Error)]
pub enum SendVerificationError {
    /// Verification emails are not configured.
    #[error("verification emails are not enabled")]
    NotEnabled,
    /// A signed-in user asked for an address that is not theirs.
    #[error("the address is not the caller's")]
    Mismatch,
    /// A signed-in user's address is verified already.
    #[error("the address is verified already")]
    AlreadyVerified,
    /// No session, or the session or the user was deleted meanwhile.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Mails a link that verifies an address.
#[derive(Clone, Debug)]
pub struct SendVerificationEmail {
    context: Context,
    devices: KnownDevices,
    links: VerificationLinks,
}

impl SendVerificationEmail {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            devices: KnownDevices::new(context.clone()),
            links: VerificationLinks::new(context.clone()),
            context,
        }
    }

    /// Refuses if verification emails are not configured.
    pub fn check_enabled(&self) -> Result<(), SendVerificationError> {
        let enabled = self.context.settings.email_verification.send_verification_email;
        if enabled {
            Ok(())
        } else {
            Err(SendVerificationError::NotEnabled)
        }
    }

    /// For a request without a session: emails the owner of the address, if there is one who has not verified it, and does not
    /// reveal to the caller whether it did (EN-1). From a device that the owner knows it is they who ask.
    pub async fn for_anybody(
        &self,
        request: &RequestContext,
        email: &Email,
        device: Option<&DeviceToken>,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), SendVerificationError> {
        self.check_enabled()?;
        let Some(found) = self.context.store().users().find_by_email(email).await? else {
            return Ok(());
        };
        let asker = Asker::owner_if(self.devices.is_known(&found.id, device).await?);
        let tx = self.context.store().begin(request).await?;
        let Some(user) = tx.users().lock(&found.id).await? else {
            return Ok(());
        };
        match self.mail(tx, &user, email, asker, callback).await {
            // The answer reveals nothing about the owner of the address.
            Err(SendVerificationError::Mismatch | SendVerificationError::AlreadyVerified) => Ok(()),
            outcome => outcome,
        }
    }

    /// For a signed-in user: mails the own address, which is the only one they may ask for.
    pub async fn for_user(
        &self,
        request: &RequestContext,
        email: &Email,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), SendVerificationError> {
        self.check_enabled()?;
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let user = locked.ok_or(NotSignedIn)?.user;
        self.mail(tx, &user, email, Asker::Owner, callback).await
    }

    /// The user is locked, so that the link fits the address it is mailed to.
    async fn mail(
        &self,
        tx: Box<dyn Transaction>,
        user: &Locked<User>,
        email: &Email,
        asker: Asker,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), SendVerificationError> {
        if user.email != *email {
            return Err(SendVerificationError::Mismatch);
        }
        if user.email_verified {
            return Err(SendVerificationError::AlreadyVerified);
        }
        if self.links.mail_verification(&*tx, user, asker, callback).await? == Written::OverLimit {
            return Ok(());
        }
        tx.record(Event::of(EventKind::VerificationRequested, &user.id))
            .await?;
        Ok(tx.commit().await?)
    }
}
