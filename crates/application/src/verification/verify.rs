use doorward_domain::audit::{Event, EventKind};
use doorward_domain::device::DeviceToken;
use doorward_domain::email::EmailKind;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::{AuthMethod, Authentication, Lifetime};
use doorward_domain::user::User;
use doorward_domain::verification::{EmailChange, EmailChangeStep, EmailTokenError};
use doorward_domain::{Changed, Locked, RequestContext, StoreError, Transaction, UserId};

use super::VerificationLinks;
use super::cancel::cancel_links;
use super::links::{LinkError, PresentedLink, Use};
use crate::Context;
use crate::email::OwnerNotices;
use crate::email::Written;
use crate::sign_in::{Admission, IssuedSession, SessionIssuer, SessionRequest, SignInDenied};

/// Why a link is refused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// It is not a link of ours, was used, or no longer fits the user.
    #[error("the token is invalid")]
    InvalidToken,
    /// It has expired.
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

/// A verification link that was followed.
#[derive(Debug)]
pub struct VerifyEmailInput<'a> {
    /// The token in the link.
    pub token: &'a str,
    /// Where the browser goes next; the second email of a change of address leads there, too.
    pub callback: Option<&'a RedirectTarget>,
    /// The token by which the browser is recognised, if it has one.
    pub device: Option<&'a DeviceToken>,
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
    /// The old address confirmed the change; a link was sent to the new one.
    ChangeConfirmed,
    /// The user has the new address.
    AddressChanged {
        /// The user, with the new address.
        user: User,
    },
}

/// Verifies an address, or continues a change of address, by an emailed link.
#[derive(Clone, Debug)]
pub struct VerifyEmail {
    context: Context,
    notices: OwnerNotices,
    links: VerificationLinks,
    issuer: SessionIssuer,
}

impl VerifyEmail {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            notices: OwnerNotices::new(context.clone()),
            links: VerificationLinks::new(context.clone()),
            issuer: SessionIssuer::new(context.clone()),
            context,
        }
    }

    /// Follows the link. However often and by however many at once it is followed, it has its effect once (TK-3).
    pub async fn run(
        &self,
        request: &RequestContext,
        input: VerifyEmailInput<'_>,
    ) -> Result<Verified, VerifyEmailError> {
        let link = self.links.read(input.token).await?;
        match link.claims.change.clone() {
            None => self.verify(request, &link, input.device).await,
            Some(change) => self.change(request, &link, change, input.callback).await,
        }
    }

    /// A hook that refuses the sign-in undoes all that came with it; the address is verified nevertheless, without one.
    async fn verify(
        &self,
        request: &RequestContext,
        link: &PresentedLink,
        device: Option<&DeviceToken>,
    ) -> Result<Verified, VerifyEmailError> {
        let wanted = self
            .context
            .settings
            .email_verification
            .auto_sign_in_after_verification;
        if let Some(verified) = self.verify_once(request, link, wanted, device).await? {
            return Ok(verified);
        }
        let verified = self.verify_once(request, link, false, device).await?;
        verified.ok_or(VerifyEmailError::InvalidToken)
    }

    /// Nothing but the refusal is kept, and nothing answered, if a hook refuses the sign-in.
    async fn verify_once(
        &self,
        request: &RequestContext,
        link: &PresentedLink,
        signs_in: bool,
        device: Option<&DeviceToken>,
    ) -> Result<Option<Verified>, VerifyEmailError> {
        let claims = &link.claims;
        let found = self.context.store().users().find_by_email(&claims.email).await?;
        let found = found.ok_or(VerifyEmailError::UserNotFound)?;
        let tx = self.context.store().begin(request).await?;
        let user = lock(&*tx, &found.id).await?;
        if claims.user_id.as_ref().is_some_and(|id| *id != user.id) || user.email != claims.email {
            return Err(VerifyEmailError::InvalidToken);
        }
        if user.email_verified {
            return Ok(Some(Verified::Address {
                user: user.into_inner(),
                opened: None,
            }));
        }
        let now = self.context.now();
        if link.consumed || self.links.consume(&*tx, &user, link).await? == Use::NotPermitted {
            return Err(VerifyEmailError::InvalidToken);
        }
        let marked = tx
            .users()
            .mark_email_verified(&user.id, &claims.email, now)
            .await?;
        if marked == Changed::Stale {
            return Err(VerifyEmailError::InvalidToken);
        }
        let user = user.map(|user| User {
            email_verified: true,
            updated_at: now,
            ..user
        });
        tx.record(Event::of(EventKind::EmailVerified, &user.id)).await?;
        let is_signed_in = request.signed_in().is_ok_and(|caller| caller.user.id == user.id);
        let opened = if signs_in && !is_signed_in {
            let admission = self.sign_in(request, &*tx, &user, device).await?;
            self.issuer.conclude(request, tx, &user, &admission).await?;
            match admission {
                Admission::Issued(issued) => Some(issued),
                Admission::Denied(SignInDenied::Rejected(_)) => return Ok(None),
                Admission::Denied(_) | Admission::Challenged(_) => None,
            }
        } else {
            tx.commit().await?;
            None
        };
        tracing::info!(user = %user.id, "address verified");
        Ok(Some(Verified::Address {
            user: user.into_inner(),
            opened,
        }))
    }

    async fn sign_in(
        &self,
        request: &RequestContext,
        tx: &dyn Transaction,
        user: &Locked<User>,
        device: Option<&DeviceToken>,
    ) -> Result<Admission, StoreError> {
        let proof = Authentication::by(AuthMethod::EmailLink, self.context.now());
        let wanted = SessionRequest {
            lifetime: Lifetime::Remembered,
            previous: None,
            device: device.cloned(),
        };
        self.issuer.issue(request, tx, user, proof, wanted).await
    }

    async fn change(
        &self,
        request: &RequestContext,
        link: &PresentedLink,
        change: EmailChange,
        callback: Option<&RedirectTarget>,
    ) -> Result<Verified, VerifyEmailError> {
        let claims = &link.claims;
        let id = claims.user_id.as_ref().ok_or(VerifyEmailError::InvalidToken)?;
        let tx = self.context.store().begin(request).await?;
        let user = lock(&*tx, id).await?;
        if request.signed_in().is_ok_and(|caller| caller.user.id != user.id) {
            return Err(VerifyEmailError::InvalidUser);
        }
        if link.consumed {
            return match change.step {
                EmailChangeStep::Confirmation => Ok(Verified::ChangeConfirmed),
                EmailChangeStep::Verification if user.email == change.to => Ok(Verified::AddressChanged {
                    user: user.into_inner(),
                }),
                EmailChangeStep::Verification => Err(VerifyEmailError::InvalidToken),
            };
        }
        if user.email != claims.email || self.links.consume(&*tx, &user, link).await? == Use::NotPermitted {
            return Err(VerifyEmailError::InvalidToken);
        }
        match change.step {
            EmailChangeStep::Confirmation => self.confirm(tx, &user, change, callback).await,
            EmailChangeStep::Verification => self.complete(tx, user, change).await,
        }
    }

    async fn confirm(
        &self,
        tx: Box<dyn Transaction>,
        user: &Locked<User>,
        change: EmailChange,
        callback: Option<&RedirectTarget>,
    ) -> Result<Verified, VerifyEmailError> {
        let next = EmailChange {
            step: EmailChangeStep::Verification,
            ..change
        };
        if self.links.mail_change(&*tx, user, next, callback).await? == Written::OverLimit {
            // The link is not consumed, and can be followed again later.
            return Ok(Verified::ChangeConfirmed);
        }
        tx.record(Event::of(EventKind::EmailChangeRequested, &user.id).with_details("confirmed"))
            .await?;
        tx.commit().await?;
        Ok(Verified::ChangeConfirmed)
    }

    async fn complete(
        &self,
        tx: Box<dyn Transaction>,
        user: Locked<User>,
        change: EmailChange,
    ) -> Result<Verified, VerifyEmailError> {
        let now = self.context.now();
        let changed = tx
            .users()
            .change_email(&user.id, &user.email, &change.to, user.email_verified, now)
            .await;
        match changed {
            Ok(Changed::Applied) => {}
            Ok(Changed::Stale) | Err(StoreError::Conflict(_)) => return Err(VerifyEmailError::InvalidToken),
            Err(error) => return Err(error.into()),
        }
        cancel_links(&*tx, &self.context, &user).await?;
        let notice = |circumstances| EmailKind::EmailChanged { circumstances };
        self.notices.of_act(&*tx, &user, notice).await?;
        tx.record(Event::of(EventKind::EmailChanged, &user.id)).await?;
        tx.commit().await?;
        tracing::info!(user = %user.id, "address changed");
        let user = user.map(|user| User {
            email: change.to,
            updated_at: now,
            ..user
        });
        Ok(Verified::AddressChanged {
            user: user.into_inner(),
        })
    }
}

async fn lock(tx: &dyn Transaction, id: &UserId) -> Result<Locked<User>, VerifyEmailError> {
    tx.users().lock(id).await?.ok_or(VerifyEmailError::UserNotFound)
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
