use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::redirect::{RedirectTarget, encode_uri_component};
use doorward_domain::user::User;
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{Locked, Secret, StoreError, Transaction};

use crate::Context;
use crate::email::{Asker, OutboxWriter, Written};
use crate::verification::Binding;

/// Links by which a user sets a new password.
#[derive(Clone, Debug)]
pub(crate) struct ResetLinks {
    context: Context,
    outbox: OutboxWriter,
}

impl ResetLinks {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            outbox: OutboxWriter::new(context.clone()),
            context,
        }
    }

    /// Writes a link and the email with it, and records that. Where it answers [`Written::OverLimit`], `tx` MUST NOT be committed:
    /// it would cancel older links for one that is not mailed.
    pub(crate) async fn write(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
        asker: Asker,
        redirect_to: Option<&RedirectTarget>,
    ) -> Result<Written, StoreError> {
        let settings = &self.context.settings;
        let token = OneTimeToken::mint(Purpose::ResetPassword, self.context.entropy());
        let key = VerificationKey::new(Purpose::ResetPassword, token.clone());
        let storage = settings.security.tokens_at_rest;
        let row = Verification::new(
            &key,
            storage,
            user.id.clone(),
            Binding::value(user, storage),
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
        let written = self.outbox.write_for(tx, &message, asker).await?;
        if written == Written::Queued {
            tx.record(Event::of(EventKind::PasswordResetRequested, &user.id))
                .await?;
        }
        Ok(written)
    }
}
