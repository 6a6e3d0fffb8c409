use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::redirect::{RedirectTarget, encode_uri_component};
use doorward_domain::user::{Email, User};
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{Secret, StoreError};

use crate::Context;
use crate::email::OutboxWriter;

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
    outbox: OutboxWriter,
}

impl RequestPasswordReset {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            outbox: OutboxWriter::new(context.clone()),
            context,
        }
    }

    /// Mails the owner of the address, if there is one, and tells the caller nothing about that (EN-1).
    pub async fn run(
        &self,
        email: &Email,
        redirect_to: Option<&RedirectTarget>,
    ) -> Result<(), RequestResetError> {
        if !self.context.settings.email_and_password.send_reset_password {
            return Err(RequestResetError::Disabled);
        }
        if let Some(user) = self.context.store().users().find_by_email(email).await? {
            self.mail(user, redirect_to).await?;
        }
        Ok(())
    }

    async fn mail(&self, user: User, redirect_to: Option<&RedirectTarget>) -> Result<(), StoreError> {
        let settings = &self.context.settings;
        let token = OneTimeToken::mint(Purpose::ResetPassword, self.context.entropy());
        let key = VerificationKey::new(Purpose::ResetPassword, token.clone());
        let row = Verification::new(
            &key,
            settings.security.tokens_at_rest,
            user.id.clone(),
            user.id.to_string(),
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

        let tx = self.context.store().begin().await?;
        if settings.security.cancel_older_links {
            tx.verifications()
                .cancel(&user.id, &[Purpose::ResetPassword])
                .await?;
        }
        tx.verifications().insert(&row).await?;
        let message = EmailMessage {
            kind: EmailKind::ResetPassword,
            to: user.email,
            name: user.name,
            link,
        };
        self.outbox.write(&*tx, &message).await?;
        tx.commit().await
    }
}
