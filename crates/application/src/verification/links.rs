use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use doorward_domain::mail::{Letter, LetterKind};
use doorward_domain::redirect::{RedirectTarget, encode_uri_component};
use doorward_domain::session::TokenStorage;
use doorward_domain::user::{Email, User};
use doorward_domain::verification::{
    EmailChange, EmailChangeStep, EmailClaims, EmailTokenError, MailToken, Purpose, Verification,
    VerificationKey,
};
use doorward_domain::{Secret, StoreError, Transaction};

use super::claims;
use crate::Context;
use crate::mail::Post;

/// Makes, reads and uses up verification links.
///
/// There are two kinds. Ours carries a random token whose claims rest in the database under its digest: it works
/// once, and says nothing about anybody. Better Auth's carries its claims itself, signed. Under
/// `Security::single_use_verification_links` the first is made and both are read, each for a single use, so that
/// letters Better Auth sent before a move still work; otherwise the second is made, and works until it expires.
#[derive(Clone, Debug)]
pub struct VerificationLinks {
    context: Context,
    post: Post,
}

/// A link somebody followed.
pub(super) struct PresentedLink {
    pub(super) claims: EmailClaims,
    /// It was used before: it may be answered as the first time, but has no effect (TK-3).
    pub(super) spent: bool,
    token: MailToken,
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
            post: Post::new(context.clone()),
            context,
        }
    }

    /// Writes the letter that asks the user to verify the present address.
    pub async fn mail_verification(
        &self,
        tx: &dyn Transaction,
        user: &User,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), StoreError> {
        let link = self.issue(tx, user, None, callback).await?;
        self.write(tx, LetterKind::VerifyEmail, user, user.email.clone(), link)
            .await
    }

    /// Writes the letter of one step of a change of address.
    pub async fn mail_change(
        &self,
        tx: &dyn Transaction,
        user: &User,
        change: EmailChange,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), StoreError> {
        let link = self.issue(tx, user, Some(change.clone()), callback).await?;
        match change.step {
            EmailChangeStep::Confirmation => {
                let kind = LetterKind::ConfirmEmailChange { new_email: change.to };
                self.write(tx, kind, user, user.email.clone(), link).await
            }
            EmailChangeStep::Verification => {
                self.write(tx, LetterKind::VerifyNewEmail, user, change.to, link)
                    .await
            }
        }
    }

    async fn write(
        &self,
        tx: &dyn Transaction,
        kind: LetterKind,
        user: &User,
        to: Email,
        link: Secret<String>,
    ) -> Result<(), StoreError> {
        self.post
            .write(
                tx,
                &Letter {
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
        let now = whole_seconds(self.context.now());
        let lifetime = self.context.settings.email_verification.expires_in;
        let claims = EmailClaims {
            email: user.email.clone(),
            user_id: Some(user.id.clone()),
            change,
            issued_at: now,
            expires_at: now + lifetime,
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
        let token = MailToken::mint(Purpose::VerifyEmail, entropy);
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
        let token = MailToken::parse(presented).ok_or(EmailTokenError::Invalid)?;
        let now = self.context.now();
        if self.single_use()
            && let Some(claims) = self.stored_claims(Purpose::Spent, &token, now).await?
        {
            return Ok(PresentedLink {
                claims,
                spent: true,
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
            spent: false,
            token,
        })
    }

    async fn stored_claims(
        &self,
        purpose: Purpose,
        token: &MailToken,
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

    /// Uses the link up, before anything it stands for happens. False if somebody was faster.
    pub(super) async fn spend(&self, tx: &dyn Transaction, link: &PresentedLink) -> Result<bool, StoreError> {
        if !self.single_use() {
            return Ok(true);
        }
        let now = self.context.now();
        let stored = VerificationKey::new(Purpose::VerifyEmail, link.token.clone());
        tx.verifications().consume(&stored, now).await?;
        let spent = VerificationKey::new(Purpose::Spent, link.token.clone()).identifier(TokenStorage::Digest);
        let value = claims::to_value(&link.claims);
        let mark = Verification::unique(
            spent,
            value,
            link.claims.user_id.clone(),
            link.claims.expires_at,
            now,
        );
        tx.verifications().insert_unless_live(&mark, now).await
    }

    fn single_use(&self) -> bool {
        self.context.settings.security.single_use_verification_links
    }
}

fn whole_seconds(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.duration_trunc(TimeDelta::seconds(1)).unwrap_or(moment)
}
