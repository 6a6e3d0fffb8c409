use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::Lifetime;
use doorward_domain::user::User;
use doorward_domain::verification::{EmailChange, EmailChangeStep, EmailClaims, EmailTokenError, Purpose};
use doorward_domain::{StoreError, Transaction};

use super::VerificationLinks;
use super::links::{LinkError, PresentedLink};
use crate::Context;
use crate::session::{AuthMethod, Client, IssuedSession, SessionIssuer, SessionRequest};

/// Why a link does nothing.
#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// It is not a link of ours, was used, or no longer fits the user.
    #[error("the token is invalid")]
    InvalidToken,
    /// It is past its end.
    #[error("the token has expired")]
    TokenExpired,
    /// Its user is gone.
    #[error("the user is gone")]
    UserNotFound,
    /// It belongs to another user than the one signed in.
    #[error("the token belongs to another user")]
    InvalidUser,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody followed a link.
#[derive(Debug)]
pub struct VerifyEmailInput<'a> {
    /// The token in the link.
    pub token: &'a str,
    /// Who is signed in in this browser.
    pub caller: Option<&'a User>,
    /// Where the browser goes next; the second email of a change of address leads there, too.
    pub callback: Option<&'a RedirectTarget>,
    /// Where the request comes from.
    pub client: Client,
}

/// What following the link did.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a request, and not kept")]
pub enum Verified {
    /// The address is verified. A session was opened if following a link does that.
    Address {
        /// The user, verified.
        user: User,
        /// The session opened.
        opened: Option<IssuedSession>,
    },
    /// The old address agreed to the change; the new one has been asked.
    ChangeConfirmed,
    /// The user has the new address.
    AddressChanged {
        /// The user, with the new address.
        user: User,
    },
}

/// Does what a verification link stands for.
#[derive(Clone, Debug)]
pub struct VerifyEmail {
    context: Context,
    links: VerificationLinks,
    issuer: SessionIssuer,
}

impl VerifyEmail {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            links: VerificationLinks::new(context.clone()),
            issuer: SessionIssuer::new(context.clone()),
            context,
        }
    }

    /// Follows the link. However often and by however many at once it is followed, it has its effect once (TK-3).
    pub async fn run(&self, input: VerifyEmailInput<'_>) -> Result<Verified, VerifyEmailError> {
        let link = self.links.read(input.token).await?;
        match link.claims.change.clone() {
            None => self.verify(&link, input).await,
            Some(change) => self.change(&link, change, input).await,
        }
    }

    async fn verify(
        &self,
        link: &PresentedLink,
        input: VerifyEmailInput<'_>,
    ) -> Result<Verified, VerifyEmailError> {
        let claims = &link.claims;
        let found = self.context.store().users().find_by_email(&claims.email).await?;
        let mut user = found.ok_or(VerifyEmailError::UserNotFound)?;
        if claims.user_id.as_ref().is_some_and(|id| *id != user.id) {
            return Err(VerifyEmailError::InvalidToken);
        }
        if user.email_verified {
            return Ok(Verified::Address { user, opened: None });
        }
        if link.consumed {
            return Err(VerifyEmailError::InvalidToken);
        }
        let now = self.context.now();
        let tx = self.context.store().begin().await?;
        if !self.links.consume(&*tx, link).await?
            || !tx
                .users()
                .mark_email_verified(&user.id, &claims.email, now)
                .await?
        {
            drop(tx);
            return self.settled(user).await;
        }
        user.email_verified = true;
        user.updated_at = now;
        let opened = self.sign_in(&*tx, &user, input).await?;
        tx.commit().await?;
        tracing::info!(user = %user.id, "address verified");
        Ok(Verified::Address { user, opened })
    }

    /// Somebody else was faster: the same answer if the address is verified now, without a session.
    async fn settled(&self, user: User) -> Result<Verified, VerifyEmailError> {
        let now = self.context.store().users().find(&user.id).await?;
        match now {
            Some(user) if user.email_verified => Ok(Verified::Address { user, opened: None }),
            _ => Err(VerifyEmailError::InvalidToken),
        }
    }

    async fn sign_in(
        &self,
        tx: &dyn Transaction,
        user: &User,
        input: VerifyEmailInput<'_>,
    ) -> Result<Option<IssuedSession>, VerifyEmailError> {
        let wanted = self
            .context
            .settings
            .email_verification
            .auto_sign_in_after_verification;
        if !wanted || input.caller.is_some_and(|caller| caller.id == user.id) {
            return Ok(None);
        }
        let opening = SessionRequest {
            proof: AuthMethod::EmailLink,
            lifetime: Lifetime::Remembered,
            client: input.client,
        };
        // A ban may have come since the user was read.
        let Some(user) = tx.users().lock(&user.id).await? else {
            return Ok(None);
        };
        Ok(self.issuer.open_if_admitted(tx, &user, opening).await?)
    }

    async fn change(
        &self,
        link: &PresentedLink,
        change: EmailChange,
        input: VerifyEmailInput<'_>,
    ) -> Result<Verified, VerifyEmailError> {
        let user = self.bound_user(&link.claims).await?;
        if input.caller.is_some_and(|caller| caller.id != user.id) {
            return Err(VerifyEmailError::InvalidUser);
        }
        if link.consumed {
            return match change.step {
                EmailChangeStep::Confirmation => Ok(Verified::ChangeConfirmed),
                EmailChangeStep::Verification if user.email == change.to => {
                    Ok(Verified::AddressChanged { user })
                }
                EmailChangeStep::Verification => Err(VerifyEmailError::InvalidToken),
            };
        }
        if user.email != link.claims.email {
            return Err(VerifyEmailError::InvalidToken);
        }
        match change.step {
            EmailChangeStep::Confirmation => self.confirm(link, &user, change, input.callback).await,
            EmailChangeStep::Verification => self.complete(link, user, change).await,
        }
    }

    async fn bound_user(&self, claims: &EmailClaims) -> Result<User, VerifyEmailError> {
        let id = claims.user_id.as_ref().ok_or(VerifyEmailError::InvalidToken)?;
        self.context
            .store()
            .users()
            .find(id)
            .await?
            .ok_or(VerifyEmailError::UserNotFound)
    }

    async fn confirm(
        &self,
        link: &PresentedLink,
        user: &User,
        change: EmailChange,
        callback: Option<&RedirectTarget>,
    ) -> Result<Verified, VerifyEmailError> {
        let tx = self.context.store().begin().await?;
        if self.links.consume(&*tx, link).await? {
            let next = EmailChange {
                step: EmailChangeStep::Verification,
                ..change
            };
            self.links.mail_change(&*tx, user, next, callback).await?;
            tx.commit().await?;
        }
        Ok(Verified::ChangeConfirmed)
    }

    async fn complete(
        &self,
        link: &PresentedLink,
        mut user: User,
        change: EmailChange,
    ) -> Result<Verified, VerifyEmailError> {
        let now = self.context.now();
        let tx = self.context.store().begin().await?;
        let first = self.links.consume(&*tx, link).await?;
        let changed = first
            && match tx
                .users()
                .change_email(&user.id, &user.email, &change.to, user.email_verified, now)
                .await
            {
                Err(StoreError::Conflict(_)) => false,
                outcome => outcome?,
            };
        if !changed {
            return Err(VerifyEmailError::InvalidToken);
        }
        if self.context.settings.security.cancel_older_links {
            let all = [
                Purpose::ResetPassword,
                Purpose::DeleteAccount,
                Purpose::VerifyEmail,
            ];
            tx.verifications().cancel(&user.id, &all).await?;
        }
        tx.commit().await?;
        tracing::info!(user = %user.id, "address changed");
        user.email = change.to;
        user.updated_at = now;
        Ok(Verified::AddressChanged { user })
    }
}

impl From<LinkError> for VerifyEmailError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Token(EmailTokenError::Invalid) => Self::InvalidToken,
            LinkError::Token(EmailTokenError::Expired) => Self::TokenExpired,
            LinkError::Store(error) => Self::Store(error),
        }
    }
}
