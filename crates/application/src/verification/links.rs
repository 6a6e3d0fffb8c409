use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::redirect::{RedirectTarget, encode_uri_component};
use doorward_domain::session::TokenStorage;
use doorward_domain::user::{Email, User};
use doorward_domain::verification::{
    EmailChange, EmailChangeStep, EmailClaims, EmailTokenError, OneTimeToken, Purpose, Verification,
    VerificationKey,
};
use doorward_domain::{Inserted, Locked, Secret, StoreError, Transaction};

use super::{cancel, claims};
use crate::Context;
use crate::email::{Asker, OutboxWriter, Written};

/// Makes, reads and consumes verification links.
///
/// There are two kinds. Ours has a random token, hashed in the database with its claims: it works once and reveals nothing
/// about the user. Better Auth's contains its claims, signed. Under
/// `Security::single_use_verification_links` the first is made and both are read, each for a single use, so that
/// emails Better Auth sent before a move still work; otherwise the second is made, and works until it expires.
#[derive(Clone, Debug)]
pub struct VerificationLinks {
    context: Context,
    outbox: OutboxWriter,
}

/// A link that was followed.
pub(super) struct PresentedLink {
    pub(super) claims: EmailClaims,
    /// It was used before: it may be answered as the first time, but has no effect (TK-3).
    pub(super) consumed: bool,
    /// Whether a row has its claims; otherwise the link carries them itself, signed.
    is_stored: bool,
    token: OneTimeToken,
}

/// Whether what a link stands for may happen.
#[must_use = "the link may have been used or cancelled since it was read"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is used for the first time, by this transaction.
    First,
    /// It was used or cancelled meanwhile.
    NotPermitted,
}

/// Why a presented token is no link.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Token(#[from] EmailTokenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl VerificationLinks {
    /// Links in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            outbox: OutboxWriter::new(context.clone()),
            context,
        }
    }

    /// Writes the email that asks the user to verify the present address.
    pub async fn mail_verification(
        &self,
        tx: &dyn Transaction,
        user: &User,
        asker: Asker,
        callback: Option<&RedirectTarget>,
    ) -> Result<Written, StoreError> {
        let link = self.issue(tx, user, None, callback).await?;
        let message = EmailMessage {
            kind: EmailKind::VerifyEmail,
            to: user.email.clone(),
            name: user.name.clone(),
            link,
        };
        self.outbox.write_for(tx, &message, asker).await
    }

    /// Writes the email of one step of a change of address.
    pub async fn mail_change(
        &self,
        tx: &dyn Transaction,
        user: &User,
        change: EmailChange,
        callback: Option<&RedirectTarget>,
    ) -> Result<Written, StoreError> {
        let link = self.issue(tx, user, Some(change.clone()), callback).await?;
        match change.step {
            EmailChangeStep::Confirmation => {
                let kind = EmailKind::ConfirmEmailChange { new_email: change.to };
                self.write(tx, kind, user, user.email.clone(), link).await
            }
            EmailChangeStep::Verification => {
                self.write(tx, EmailKind::VerifyNewEmail, user, change.to, link)
                    .await
            }
        }
    }

    async fn write(
        &self,
        tx: &dyn Transaction,
        kind: EmailKind,
        user: &User,
        to: Email,
        link: Secret<String>,
    ) -> Result<Written, StoreError> {
        self.outbox
            .write(
                tx,
                &EmailMessage {
                    kind,
                    to,
                    name: user.name.clone(),
                    link,
                },
            )
            .await
    }

    async fn issue(
        &self,
        tx: &dyn Transaction,
        user: &User,
        change: Option<EmailChange>,
        callback: Option<&RedirectTarget>,
    ) -> Result<Secret<String>, StoreError> {
        let mut issued_at = whole_seconds(self.context.now());
        if !self.single_use()
            && let Some(cancelled) = cancel::cancelled_at(tx, &user.id).await?
        {
            // Its claims are in whole seconds, and older links of this second are void.
            issued_at = issued_at.max(whole_seconds(cancelled) + TimeDelta::seconds(1));
        }
        let lifetime = self.context.settings.email_verification.expires_in;
        let claims = EmailClaims {
            email: user.email.clone(),
            user_id: Some(user.id.clone()),
            change,
            issued_at,
            expires_at: issued_at + lifetime,
        };
        let token = if self.single_use() {
            self.store_claims(tx, user, &claims, lifetime).await?
        } else {
            Secret::new(self.context.ports.email_tokens.sign(&claims))
        };
        let callback = encode_uri_component(callback.map_or("/", RedirectTarget::as_str));
        let path = Secret::new(format!(
            "/verify-email?token={}&callbackURL={callback}",
            token.expose()
        ));
        Ok(Secret::new(self.context.settings.endpoint(path.expose())))
    }

    async fn store_claims(
        &self,
        tx: &dyn Transaction,
        user: &User,
        claims: &EmailClaims,
        lifetime: TimeDelta,
    ) -> Result<Secret<String>, StoreError> {
        let entropy = self.context.entropy();
        let token = OneTimeToken::mint(Purpose::VerifyEmail, entropy);
        let key = VerificationKey::new(Purpose::VerifyEmail, token.clone());
        let value = claims::to_value(claims);
        let storage = TokenStorage::Digest;
        let row = Verification::new(
            &key,
            storage,
            user.id.clone(),
            value,
            lifetime,
            self.context.now(),
            entropy,
        );
        tx.verifications().insert(&row).await?;
        Ok(Secret::new(token.expose().to_owned()))
    }

    /// Reads a link. Changes nothing.
    pub(super) async fn read(&self, presented: &str) -> Result<PresentedLink, LinkError> {
        let token = OneTimeToken::parse(presented).ok_or(EmailTokenError::Invalid)?;
        let now = self.context.now();
        if self.single_use()
            && let Some(claims) = self.stored_claims(Purpose::Consumed, &token, now).await?
        {
            return Ok(PresentedLink {
                claims,
                consumed: true,
                is_stored: true,
                token,
            });
        }
        let is_signed = presented.contains('.');
        let claims = if is_signed {
            let claims = self.context.ports.email_tokens.read(presented, now)?;
            let bound = claims.user_id.is_some() || !self.single_use();
            bound.then_some(claims).ok_or(EmailTokenError::Invalid)?
        } else {
            self.stored_claims(Purpose::VerifyEmail, &token, now)
                .await?
                .ok_or(EmailTokenError::Invalid)?
        };
        Ok(PresentedLink {
            claims,
            consumed: false,
            is_stored: !is_signed,
            token,
        })
    }

    async fn stored_claims(
        &self,
        purpose: Purpose,
        token: &OneTimeToken,
        now: DateTime<Utc>,
    ) -> Result<Option<EmailClaims>, LinkError> {
        let key = VerificationKey::new(purpose, token.clone());
        let Some(row) = self.context.store().verifications().find(&key).await? else {
            return Ok(None);
        };
        if row.expires_at <= now {
            return Err(EmailTokenError::Expired.into());
        }
        Ok(claims::from_row(&row))
    }

    /// Consumes the link, before it takes effect. A stored link is consumed by removing its row: if the row was cancelled or
    /// consumed since it was read, the link has no effect (TK-3, TK-5). A signed link has no row and is consumed by inserting the
    /// mark that it was used; it is void if the user's links were cancelled after it was made (TK-5).
    pub(super) async fn consume(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
        link: &PresentedLink,
    ) -> Result<Use, StoreError> {
        let now = self.context.now();
        if !link.is_stored && cancel::voids_signed(tx, &self.context, user, &link.claims).await? {
            return Ok(Use::NotPermitted);
        }
        if !self.single_use() {
            return Ok(Use::First);
        }
        if link.is_stored {
            let stored = VerificationKey::new(Purpose::VerifyEmail, link.token.clone());
            if tx.verifications().consume(&stored, now).await?.is_none() {
                return Ok(Use::NotPermitted);
            }
        }
        let consumed =
            VerificationKey::new(Purpose::Consumed, link.token.clone()).identifier(TokenStorage::Digest);
        let value = claims::to_value(&link.claims);
        let mark = Verification::unique(
            consumed,
            value,
            link.claims.user_id.clone(),
            link.claims.expires_at,
            now,
        );
        Ok(match tx.verifications().insert_unless_live(&mark, now).await? {
            Inserted::Inserted => Use::First,
            Inserted::AlreadyThere => Use::NotPermitted,
        })
    }

    fn single_use(&self) -> bool {
        self.context.settings.security.single_use_verification_links
    }
}

fn whole_seconds(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.duration_trunc(TimeDelta::seconds(1)).unwrap_or(moment)
}
