use doorward_domain::audit::{Event, EventKind};
use doorward_domain::device::DeviceToken;
use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::redirect::{RedirectTarget, encode_uri_component};
use doorward_domain::user::Email;
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{RequestContext, Secret, StoreError, UserId};

use crate::Context;
use crate::device::KnownDevices;
use crate::email::{Asker, OutboxWriter, Written};
use crate::verification::Binding;

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
    outbox: OutboxWriter,
}

impl RequestPasswordReset {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            devices: KnownDevices::new(context.clone()),
            outbox: OutboxWriter::new(context.clone()),
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
        let settings = &self.context.settings;
        let tx = self.context.store().begin(request).await?;
        let locked = tx.users().lock(id).await?;
        let Some(user) = locked.filter(|user| user.email == *email) else {
            return Ok(());
        };
        let token = OneTimeToken::mint(Purpose::ResetPassword, self.context.entropy());
        let key = VerificationKey::new(Purpose::ResetPassword, token.clone());
        let storage = settings.security.tokens_at_rest;
        let row = Verification::new(
            &key,
            storage,
            user.id.clone(),
            Binding::value(&user, storage),
            settings.email_and_password.reset_password_token_expires_in,
            self.context.now(),
            self.context.entropy(),
        );
        let callback = redirect_to
            .map(|target| encode_uri_component(target.as_str()))
            .unwrap_or_default();
        let path = Secret::new(format!(
            "/reset-password/{}?callbackURL={callback}",
            token.expose()
        ));
        let link = Secret::new(settings.endpoint(path.expose()));
        if settings.security.cancel_older_links {
            tx.verifications()
                .cancel(&user.id, &[Purpose::ResetPassword])
                .await?;
        }
        tx.verifications().insert(&row).await?;
        let message = EmailMessage {
            kind: EmailKind::ResetPassword,
            to: user.email.clone(),
            name: user.name.clone(),
            link,
        };
        if self.outbox.write_for(&*tx, &message, asker).await? == Written::OverLimit {
            // Nothing is written, so that the links in earlier emails stay good.
            return Ok(());
        }
        tx.record(Event::of(EventKind::PasswordResetRequested, &user.id))
            .await?;
        tx.commit().await
    }
}
