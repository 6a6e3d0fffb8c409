use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::EmailKind;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::user::{Email, User};
use doorward_domain::verification::{EmailChange, EmailChangeStep};
use doorward_domain::{Changed, Locked, NotSignedIn, RequestContext, StoreError, Transaction};

use crate::Context;
use crate::email::Written;
use crate::email::{Asker, OwnerNotices};
use crate::session::lock_caller;
use crate::verification::{VerificationLinks, cancel_links};

/// Why the address was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// Users may not change their address.
    #[error("changing the address is disabled")]
    Disabled,
    /// The session is not fresh (PW-9).
    #[error("the session is not fresh")]
    NotFresh,
    /// The user has the address already.
    #[error("the address is the same")]
    Same,
    /// Verification emails are not configured, and nothing may change without one.
    #[error("verification emails are not enabled")]
    MailNotEnabled,
    /// No session, or the session or the user was deleted meanwhile.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a request, and not kept")]
pub enum EmailChanged {
    /// A link was emailed. Also answered if the address is taken (EN-2).
    Asked,
    /// The user has the new address.
    AtOnce(User),
}

/// How a change of address proceeds.
enum Route {
    AtOnce,
    Ask(EmailChangeStep),
}

/// Starts a change of the own address.
#[derive(Clone, Debug)]
pub struct ChangeEmail {
    context: Context,
    notices: OwnerNotices,
    links: VerificationLinks,
}

impl ChangeEmail {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            notices: OwnerNotices::new(context.clone()),
            links: VerificationLinks::new(context.clone()),
            context,
        }
    }

    /// Emails the address that has to confirm next, or changes an unverified address at once where that is allowed.
    pub async fn run(
        &self,
        request: &RequestContext,
        new_email: Email,
        callback: Option<&RedirectTarget>,
    ) -> Result<EmailChanged, ChangeEmailError> {
        let settings = &self.context.settings;
        if !settings.change_email.enabled {
            return Err(ChangeEmailError::Disabled);
        }
        let caller = request.signed_in()?;
        let fresh = settings.session.is_fresh(&caller.session, self.context.now());
        if settings.security.fresh_session_for_changes && !fresh {
            return Err(ChangeEmailError::NotFresh);
        }
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let user = locked.ok_or(NotSignedIn)?.user;
        if new_email == user.email {
            return Err(ChangeEmailError::Same);
        }
        let route = self.route(&user)?;
        if tx.users().find_by_email(&new_email).await?.is_some() {
            return Ok(EmailChanged::Asked);
        }
        match route {
            Route::AtOnce => self.change(tx, user, new_email, callback).await,
            Route::Ask(step) => {
                let change = EmailChange { to: new_email, step };
                let written = self.links.mail_change(&*tx, &user, change, callback).await?;
                if written == Written::OverLimit {
                    return Ok(EmailChanged::Asked);
                }
                tx.record(Event::of(EventKind::EmailChangeRequested, &user.id))
                    .await?;
                tx.commit().await?;
                Ok(EmailChanged::Asked)
            }
        }
    }

    fn route(&self, user: &User) -> Result<Route, ChangeEmailError> {
        let settings = &self.context.settings;
        let can_mail = settings.email_verification.send_verification_email;
        if !user.email_verified && settings.change_email.update_email_without_verification {
            return Ok(Route::AtOnce);
        }
        if !can_mail {
            return Err(ChangeEmailError::MailNotEnabled);
        }
        let old_agrees = user.email_verified && settings.change_email.send_change_email_confirmation;
        Ok(Route::Ask(if old_agrees {
            EmailChangeStep::Confirmation
        } else {
            EmailChangeStep::Verification
        }))
    }

    async fn change(
        &self,
        tx: Box<dyn Transaction>,
        user: Locked<User>,
        new_email: Email,
        callback: Option<&RedirectTarget>,
    ) -> Result<EmailChanged, ChangeEmailError> {
        let now = self.context.now();
        let settings = &self.context.settings;
        match tx
            .users()
            .change_email(&user.id, &user.email, &new_email, false, now)
            .await
        {
            Ok(Changed::Applied) => {}
            Ok(Changed::Stale) | Err(StoreError::Conflict(_)) => return Ok(EmailChanged::Asked),
            Err(error) => return Err(error.into()),
        }
        // What was mailed to the old address must not open the account any more (TK-5).
        cancel_links(&*tx, &self.context, &user).await?;
        let notice = |circumstances| EmailKind::EmailChanged { circumstances };
        self.notices.of_act(&*tx, &user, notice).await?;
        let changed = user.map(|user| User {
            email: new_email,
            email_verified: false,
            updated_at: now,
            ..user
        });
        if settings.email_verification.send_verification_email {
            // Also where too many were mailed to this address: the user can ask for another one later.
            let _ = self
                .links
                .mail_verification(&*tx, &changed, Asker::Anybody, callback)
                .await?;
        }
        tx.record(Event::of(EventKind::EmailChanged, &changed.id)).await?;
        tx.commit().await?;
        tracing::info!(user = %changed.id, "address changed");
        Ok(EmailChanged::AtOnce(changed.into_inner()))
    }
}
