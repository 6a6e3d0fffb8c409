use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::device::DeviceToken;
use doorward_domain::fields;
use doorward_domain::metrics::{Observation, SignInOutcome};
use doorward_domain::session::{
    ActiveSession, Authentication, IssuedSession, Lifetime, Session, SessionToken,
};
use doorward_domain::user::{Ban, User, UserChange};
use doorward_domain::{Client, Locked, Removed, RequestContext, SessionId, StoreError, Transaction, UserId};

use super::Challenge;
use crate::Context;
use crate::device::{DeviceSeen, DeviceSignIn, KnownDevices};
use crate::email::OwnerNotices;
use crate::hooks::{HookError, Rejection};

/// The session that a client requests.
#[derive(Clone, Debug)]
pub struct SessionRequest {
    /// How long its user wants to stay signed in.
    pub lifetime: Lifetime,
    /// The session it holds already.
    pub previous: Option<SessionToken>,
    /// The token by which its browser is recognised, if it has one.
    pub device: Option<DeviceToken>,
}

/// Why a sign-in is denied although the user authenticated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInDenied {
    /// The address has to be verified first.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// The user is banned.
    #[error("the user is banned")]
    Banned,
    /// The user has enrolled a second factor with the server before this one, and this version cannot ask for it.
    #[error("the second factor of the user cannot be asked for")]
    SecondFactorUnavailable,
    /// A sign-in hook refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

/// The user is banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the user is banned")]
pub struct Banned;

impl From<Banned> for SignInDenied {
    fn from(Banned: Banned) -> Self {
        Self::Banned
    }
}

/// The issuer's answer to an authenticated user.
#[must_use = "a session may not have been issued"]
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a sign-in, and not kept")]
pub enum Admission {
    /// They are signed in.
    Issued(IssuedSession),
    /// They have to prove a second factor first. No session was issued.
    Challenged(Challenge),
    /// The sign-in is denied. No session was issued.
    Denied(SignInDenied),
}

impl From<&Admission> for SignInOutcome {
    fn from(admission: &Admission) -> Self {
        match admission {
            Admission::Issued(_) => Self::Issued,
            Admission::Challenged(_) => Self::Challenged,
            Admission::Denied(denied) => match denied {
                SignInDenied::EmailNotVerified => Self::EmailNotVerified,
                SignInDenied::Banned => Self::Banned,
                SignInDenied::SecondFactorUnavailable => Self::SecondFactorUnavailable,
                SignInDenied::Rejected(_) => Self::RefusedByHook,
            },
        }
    }
}

/// A successful authentication.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a sign-in, and not kept")]
pub enum SignedIn {
    /// They have a session.
    Issued {
        /// The user.
        user: User,
        /// Their new session.
        opened: IssuedSession,
    },
    /// They have to prove a second factor first.
    Challenged(Challenge),
}

/// The result of a session rotation.
#[must_use = "the old session may have been revoked meanwhile; then there is no new one"]
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a request, and not kept")]
pub enum Rotation {
    /// The old session ended, and this one takes its place.
    Rotated(IssuedSession),
    /// The old session did not exist any more: it was revoked (SE-5). No session was issued.
    Gone,
    /// The user may not sign in any more.
    Denied(SignInDenied),
}

/// The session issuer: session issuing happens nowhere else.
///
/// Every way to sign in ends here, so that everything that denies a sign-in (an unverified address, a deletion, a ban, a
/// second factor, a team's hook) is decided in one place, on a locked row, and cannot be bypassed.
#[derive(Clone, Debug)]
pub struct SessionIssuer {
    context: Context,
    devices: KnownDevices,
    notices: OwnerNotices,
}

impl SessionIssuer {
    /// An issuer under these settings.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            devices: KnownDevices::new(context.clone()),
            notices: OwnerNotices::new(context.clone()),
            context,
        }
    }

    /// Whether the user may sign in, without asking second factors and hooks.
    pub fn check_admission(&self, user: &Locked<User>) -> Result<(), SignInDenied> {
        let settings = &self.context.settings;
        if settings.email_and_password.require_email_verification && !user.email_verified {
            return Err(SignInDenied::EmailNotVerified);
        }
        Ok(self.check_ban(user)?)
    }

    /// Whether the user may sign in, without asking registered second factors and hooks.
    pub(crate) async fn would_admit(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
    ) -> Result<bool, StoreError> {
        Ok(self.check_admission(user).is_ok() && !self.is_enrolled_elsewhere(tx, user).await?)
    }

    fn check_ban(&self, user: &Locked<User>) -> Result<(), Banned> {
        if user.ban.is_active(self.context.now()) {
            Err(Banned)
        } else {
            Ok(())
        }
    }

    /// Whether the user enrolled a second factor with the server before this one that keeps them out here.
    async fn is_enrolled_elsewhere(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
    ) -> Result<bool, StoreError> {
        let refuses = self.context.settings.two_factor.refuses_enrolled();
        Ok(refuses && tx.users().has_second_factor(&user.id).await?)
    }

    /// Issues a session to a user who has just authenticated, and ends the browser's previous session (SE-3) and the oldest
    /// sessions beyond the limit (SE-11). Marks the browser as known (RL-5). Asks the second factors and runs the sign-in hooks,
    /// whatever the method.
    ///
    /// A refusal is recorded in `tx`, but for that of a hook, which [`conclude`](Self::conclude) records.
    pub async fn issue(
        &self,
        request: &RequestContext,
        tx: &dyn Transaction,
        user: &Locked<User>,
        authentication: Authentication,
        wanted: SessionRequest,
    ) -> Result<Admission, StoreError> {
        if let Err(denied) = self.check_admission(user) {
            return self.deny(tx, user, denied).await;
        }
        if self.is_enrolled_elsewhere(tx, user).await? {
            return self.deny(tx, user, SignInDenied::SecondFactorUnavailable).await;
        }
        for factor in &self.context.ports.second_factors {
            if let Some(challenge) = factor.challenge(tx, user, &authentication).await? {
                return Ok(Admission::Challenged(challenge));
            }
        }
        self.end_previous(tx, wanted.previous.as_ref()).await?;
        let details = authentication.stored_methods().unwrap_or_default();
        let expires_at = self
            .context
            .settings
            .session
            .first_expiry(wanted.lifetime, self.context.now());
        let draft = Draft {
            authentication,
            lifetime: wanted.lifetime,
            expires_at,
            impersonated_by: None,
        };
        let mut issued = self.write(request, tx, user, draft).await?;
        let browser = DeviceSignIn {
            token: wanted.device,
            is_remembered: wanted.lifetime == Lifetime::Remembered,
        };
        let DeviceSeen { token, is_new } = self.devices.mark(tx, user, browser).await?;
        issued.device = token;
        if is_new {
            self.notices.of_new_device(tx, user).await?;
        }
        match self.context.ports.hooks.sign_in.before_commit(tx, user).await {
            Ok(()) => {}
            Err(HookError::Rejected(rejection)) => return Ok(Admission::Denied(rejection.into())),
            Err(HookError::Store(error)) => return Err(error),
        }
        tx.record(Event::of(EventKind::SignedIn, &user.id).with_details(details))
            .await?;
        tracing::info!(user = %user.id, session = %issued.session.id, "session issued");
        Ok(Admission::Issued(issued))
    }

    /// Ends the transaction of a sign-in. Whatever was answered is committed, and the hooks that follow a sign-in run; but
    /// where a hook refused, the transaction is dropped with all that the hook wrote, and the refusal is recorded in another.
    pub async fn conclude(
        &self,
        request: &RequestContext,
        tx: Box<dyn Transaction>,
        user: &Locked<User>,
        admission: &Admission,
    ) -> Result<(), StoreError> {
        let Admission::Denied(SignInDenied::Rejected(rejection)) = admission else {
            tx.commit().await?;
            self.announce(user, admission).await;
            return Ok(());
        };
        drop(tx);
        let tx = self.context.store().begin(request).await?;
        let event = Event::of(EventKind::SignInDenied, &user.id).denied();
        tx.record(event.with_details(rejection.code)).await?;
        tx.commit().await?;
        self.announce(user, admission).await;
        Ok(())
    }

    /// Counts a sign-in, which has been committed, and runs the hooks that follow it.
    pub(crate) async fn announce(&self, user: &User, admission: &Admission) {
        self.context.observe(Observation::SignIn(admission.into()));
        if matches!(admission, Admission::Issued(_)) {
            self.context.ports.hooks.sign_in.after_commit(user).await;
        }
    }

    /// Session rotation: replaces a session by one with a new token (SE-4). The first statement deletes the old one; if it does
    /// not exist any more, none is issued. The new session keeps the authentication of the old one, and so its absolute timeout,
    /// unless the user authenticated again.
    ///
    /// Whether the address is verified was asked when the user signed in, and is not asked again.
    pub async fn rotate(
        &self,
        request: &RequestContext,
        tx: &dyn Transaction,
        user: &Locked<User>,
        old: &Session,
        proof: Option<Authentication>,
        lifetime: Lifetime,
    ) -> Result<Rotation, StoreError> {
        if tx.sessions().delete(&old.id).await? == Removed::AlreadyGone {
            return Ok(Rotation::Gone);
        }
        if let Err(denied) = self.check_ban(user) {
            return Ok(Rotation::Denied(denied.into()));
        }
        let authentication = proof.unwrap_or_else(|| old.authentication.clone());
        let policy = &self.context.settings.session;
        let draft = Draft {
            expires_at: policy.expiry_after(&authentication, lifetime, self.context.now()),
            authentication,
            lifetime,
            impersonated_by: None,
        };
        let issued = self.write(request, tx, user, draft).await?;
        tx.record(Event::of(EventKind::SessionRotated, &user.id)).await?;
        Ok(Rotation::Rotated(issued))
    }

    /// Issues a session of the user to an administrator. The address may be unverified: an administrator sees what the user would
    /// see. Nothing but a ban is in the way. The authentication is the administrator's.
    pub async fn impersonate(
        &self,
        request: &RequestContext,
        tx: &dyn Transaction,
        user: &Locked<User>,
        administrator: &ActiveSession,
        duration: TimeDelta,
    ) -> Result<Result<IssuedSession, Banned>, StoreError> {
        if let Err(banned) = self.check_ban(user) {
            return Ok(Err(banned));
        }
        let draft = Draft {
            authentication: administrator.session.authentication.clone(),
            lifetime: Lifetime::BrowserSession,
            expires_at: self.context.now() + duration,
            impersonated_by: Some(administrator.user.id.clone()),
        };
        let issued = self.write(request, tx, user, draft).await?;
        tx.record(Event::of(EventKind::ImpersonationStarted, &user.id))
            .await?;
        Ok(Ok(issued))
    }

    async fn deny(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
        denied: SignInDenied,
    ) -> Result<Admission, StoreError> {
        let event = Event::of(EventKind::SignInDenied, &user.id).denied();
        tx.record(event.with_details(denied.to_string())).await?;
        Ok(Admission::Denied(denied))
    }

    /// Ends the session a browser held before it signs in again (SE-3), where that is wanted.
    async fn end_previous(
        &self,
        tx: &dyn Transaction,
        previous: Option<&SessionToken>,
    ) -> Result<(), StoreError> {
        let wanted = self.context.settings.security.end_previous_session_on_sign_in;
        let Some(token) = previous.filter(|_| wanted) else {
            return Ok(());
        };
        if let Some((session, owner)) = tx.sessions().find_with_user(token).await?
            && tx.sessions().delete(&session.id).await?.is_removed()
        {
            tx.record(Event::of(EventKind::SignedOut, &owner.id)).await?;
        }
        Ok(())
    }

    async fn write(
        &self,
        request: &RequestContext,
        tx: &dyn Transaction,
        user: &Locked<User>,
        draft: Draft,
    ) -> Result<IssuedSession, StoreError> {
        let (context, now) = (&self.context, self.context.now());
        let token = SessionToken::mint(context.entropy());
        if user.ban.is_expired(now) {
            let lifted = UserChange {
                ban: Ban::none().into(),
                ..UserChange::default()
            };
            if tx.users().update(&user.id, &lifted, now).await?.is_some() {
                tx.record(Event::of(EventKind::UserUnbanned, &user.id)).await?;
            }
        }
        let Client {
            ip_address,
            user_agent,
        } = request.client.clone();
        let session = Session {
            id: SessionId::mint(now, context.entropy()),
            user_id: user.id.clone(),
            token: token.stored(context.settings.security.tokens_at_rest),
            expires_at: draft.expires_at,
            created_at: now,
            updated_at: now,
            ip_address: Some(ip_address),
            user_agent: Some(user_agent),
            extra: fields::defaults(&context.settings.session_fields),
            impersonated_by: draft.impersonated_by,
            authentication: draft.authentication,
            lifetime: Some(draft.lifetime),
            imported_at: None,
        };
        tx.sessions().insert(&session).await?;
        // An impersonation must not push out a session of the user.
        let own = session.impersonated_by.is_none();
        if let Some(most) = context.settings.session.max_per_user.filter(|_| own) {
            tx.sessions().trim(&user.id, most).await?;
        }
        Ok(IssuedSession {
            session,
            token,
            lifetime: draft.lifetime,
            device: None,
        })
    }
}

/// What differs between the sessions that are written.
struct Draft {
    authentication: Authentication,
    lifetime: Lifetime,
    expires_at: DateTime<Utc>,
    impersonated_by: Option<UserId>,
}
