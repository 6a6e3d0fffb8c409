use doorward_domain::audit::{Event, EventKind};
use doorward_domain::metrics::{Observation, SignInOutcome};
use doorward_domain::password::{HashError, Password, PasswordHash, Verdict};
use doorward_domain::rate_limit::BudgetKey;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::{AuthMethod, Authentication};
use doorward_domain::user::{Email, User, Username};
use doorward_domain::{Changed, ErrorChain, RequestContext, StoreError, Transaction, UserId};

use super::budgets;
use crate::Context;
use crate::audit::record_refusal;
use crate::device::KnownDevices;
use crate::email::Asker;
use crate::hooks::Rejection;
use crate::rate_limit::{Attempt, AttemptError, AttemptLimiter, TooManyAttempts};
use crate::sign_in::{Admission, SessionIssuer, SessionRequest, SignInDenied, SignedIn};
use crate::verification::VerificationLinks;

/// The identifier of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInName {
    /// The address they signed up with.
    Email(Email),
    /// The username they chose.
    Username(Username),
}

/// The credentials of a sign-in.
#[derive(Debug)]
pub struct SignInInput {
    /// The identifier.
    pub name: SignInName,
    /// The password.
    pub password: Password,
    /// Where a verification link leads, should one be sent.
    pub callback: Option<RedirectTarget>,
    /// The requested session.
    pub session: SessionRequest,
}

/// Why a sign-in is refused.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Signing in by password is disabled.
    #[error("signing in by password is disabled")]
    Disabled,
    /// The password is longer than the policy allows.
    #[error("the password is too long")]
    PasswordTooLong,
    /// Unknown user, no password, or the wrong one; the answer does not tell which (EN-1).
    #[error("the address or the password is wrong")]
    InvalidCredentials,
    /// Too many passwords were wrong before, so that this one was not looked at. It is the same for an unknown user.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// The password is right, but the address has to be verified first (EN-4).
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// The password is right, but the user is banned (EN-4).
    #[error("the user is banned")]
    Banned,
    /// The password is right, but the user enrolled a second factor that cannot be asked for.
    #[error("the second factor of the user cannot be asked for")]
    SecondFactorUnavailable,
    /// A hook refused it.
    #[error(transparent)]
    Rejected(Rejection),
    /// The password could not be compared.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs a user in by address or username, and password.
#[derive(Clone, Debug)]
pub struct SignIn {
    context: Context,
    issuer: SessionIssuer,
    links: VerificationLinks,
    attempts: AttemptLimiter,
    devices: KnownDevices,
}

impl SignIn {
    /// How often the password is compared at most, should it change in between.
    const LOOKS: usize = 3;

    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            issuer: SessionIssuer::new(context.clone()),
            links: VerificationLinks::new(context.clone()),
            attempts: AttemptLimiter::new(context.clone()),
            devices: KnownDevices::new(context.clone()),
            context,
        }
    }

    /// Issues a session if the password is right. An unknown user and a wrong password take the same time (EN-3).
    pub async fn run(&self, request: &RequestContext, input: SignInInput) -> Result<SignedIn, SignInError> {
        let outcome = self.attempt(request, input).await;
        if let Some(failure) = outcome.as_ref().err().and_then(failure_before_issuing) {
            self.context.observe(Observation::SignIn(failure));
        }
        outcome
    }

    async fn attempt(&self, request: &RequestContext, input: SignInInput) -> Result<SignedIn, SignInError> {
        if !self.context.settings.email_and_password.enabled {
            return Err(SignInError::Disabled);
        }
        if let Err(error) = self.check_length(&input.password) {
            self.record_failure(request, None).await?;
            return Err(error);
        }
        let (key, max) = self.budget(&input).await?;
        let attempt = self.attempts.begin(request, key, max).await?;
        let outcome = self.compare(request, &input, &attempt).await;
        match &outcome {
            Err(SignInError::Hash(_) | SignInError::Store(_)) => {
                self.attempts.give_back(request, attempt).await;
            }
            // The password was right, but what was written with that is undone.
            Err(SignInError::Rejected(_)) => self.attempts.succeed(request, attempt).await?,
            // A wrong password counts as it was counted; for the others `enter` has settled it.
            _ => {}
        }
        outcome
    }

    /// Which budget a password spends, and how large it is: that of the account and the device, if its user knows that; else that
    /// of the name. Where accounts have two names, each has half, so that both together are no more.
    async fn budget(&self, input: &SignInInput) -> Result<(BudgetKey, Option<u32>), StoreError> {
        let max = self.context.settings.security.max_password_attempts;
        let device = input.session.device.as_ref();
        if let Some(token) = device
            && let Some(user) = self.find_user(&input.name).await?
            && self.devices.is_known(&user.id, device).await?
        {
            return Ok((budgets::of_device(&user.email, &token.digest()), max));
        }
        let has_two_names = self.context.settings.username.enabled;
        let half = |max: u32| if has_two_names { max.div_ceil(2) } else { max };
        let key = match &input.name {
            SignInName::Email(email) => budgets::of_email(email),
            SignInName::Username(username) => budgets::of_username(username),
        };
        Ok((key, max.map(half)))
    }

    async fn find_user(&self, name: &SignInName) -> Result<Option<User>, StoreError> {
        let users = self.context.store().users();
        match name {
            SignInName::Email(email) => users.find_by_email(email).await,
            SignInName::Username(username) => users.find_by_username(username).await,
        }
    }

    async fn compare(
        &self,
        request: &RequestContext,
        input: &SignInInput,
        attempt: &Attempt,
    ) -> Result<SignedIn, SignInError> {
        let mut tried = None;
        for _ in 0..Self::LOOKS {
            let (user, hash) = self.verified_user(request, &input.name, &input.password).await?;
            if let Some(signed_in) = self.enter(request, &user.id, &hash, input, attempt).await? {
                return Ok(signed_in);
            }
            tried = Some(user.id);
        }
        self.record_failure(request, tried.as_ref()).await?;
        Err(SignInError::InvalidCredentials)
    }

    /// Records a failed sign-in (AU-1). An unknown address is not named: it may be a password that was typed into the wrong
    /// field. It takes as long whether the user exists or not (EN-3).
    async fn record_failure(
        &self,
        request: &RequestContext,
        user: Option<&UserId>,
    ) -> Result<(), StoreError> {
        let event = Event {
            subject: user.cloned(),
            ..Event::without_subject(EventKind::SignInFailed)
        };
        record_refusal(&self.context, request, event).await
    }

    /// Issues the session, unless the stored hash changed meanwhile: by a reset, after which the old password must not give a
    /// session (SE-7), or by a rehash of another sign-in.
    async fn enter(
        &self,
        request: &RequestContext,
        user: &UserId,
        hash: &PasswordHash,
        input: &SignInInput,
        attempt: &Attempt,
    ) -> Result<Option<SignedIn>, SignInError> {
        let tx = self.context.store().begin(request).await?;
        let locked = tx.users().lock(user).await?;
        let user = locked.ok_or(SignInError::InvalidCredentials)?;
        let account = tx.accounts().find_credential(&user.id).await?;
        let present = account.and_then(|account| account.password);
        if !present.is_some_and(|present| present.is_same(hash)) {
            return Ok(None);
        }
        attempt.succeeded(&*tx).await?;
        let proof = Authentication::by(AuthMethod::Password, self.context.now());
        let admission = self
            .issuer
            .issue(request, &*tx, &user, proof, input.session.clone())
            .await?;
        if matches!(admission, Admission::Denied(SignInDenied::EmailNotVerified)) {
            self.remind(&*tx, &user, input.callback.as_ref()).await?;
        }
        self.issuer.conclude(request, tx, &user, &admission).await?;
        match admission {
            Admission::Issued(opened) => Ok(Some(SignedIn::Issued {
                user: user.into_inner(),
                opened,
            })),
            Admission::Challenged(challenge) => Ok(Some(SignedIn::Challenged(challenge))),
            Admission::Denied(denied) => Err(denied.into()),
        }
    }

    /// An overlong password costs nothing, so refusing it early tells nothing about the user (PW-5).
    fn check_length(&self, password: &Password) -> Result<(), SignInError> {
        let settings = &self.context.settings;
        if !settings.email_and_password.password.is_too_long(password) {
            return Ok(());
        }
        if settings.security.overlong_password_is_wrong {
            Err(SignInError::InvalidCredentials)
        } else {
            Err(SignInError::PasswordTooLong)
        }
    }

    /// The user whose password it is, and its hash.
    async fn verified_user(
        &self,
        request: &RequestContext,
        name: &SignInName,
        password: &Password,
    ) -> Result<(User, PasswordHash), SignInError> {
        let store = self.context.store();
        let user = self.find_user(name).await?;
        let account = match &user {
            Some(user) => store.accounts().find_credential(&user.id).await?,
            None => None,
        };
        let hash = account.and_then(|account| account.password);
        let verdict = self.context.ports.hasher.verify(password, hash.as_ref()).await?;
        match (user, hash, verdict) {
            (Some(user), Some(hash), Verdict::Match) => Ok((user, hash)),
            (Some(user), Some(hash), Verdict::MatchOutdated)
                if !self.context.settings.security.rehash_on_sign_in =>
            {
                Ok((user, hash))
            }
            (Some(user), Some(hash), Verdict::MatchOutdated) => {
                let hash = self.rehash(request, &user.id, hash, password).await;
                Ok((user, hash))
            }
            (user, ..) => {
                tracing::info!("sign-in refused");
                let user = user.map(|user| user.id);
                self.record_failure(request, user.as_ref()).await?;
                Err(SignInError::InvalidCredentials)
            }
        }
    }

    /// Password rehash: replaces an outdated hash and answers the one that is stored then. If it fails, the sign-in goes on
    /// (PW-3).
    async fn rehash(
        &self,
        request: &RequestContext,
        user: &UserId,
        old: PasswordHash,
        password: &Password,
    ) -> PasswordHash {
        match self.replace_hash(request, user, &old, password).await {
            Ok(Some(new)) => {
                tracing::info!(%user, "password hash brought up to date");
                return new;
            }
            Ok(None) => {}
            Err(error) => {
                let error = ErrorChain(&error);
                tracing::warn!(%error, "password hash not brought up to date");
            }
        }
        old
    }

    /// The new hash, unless the password was changed meanwhile.
    async fn replace_hash(
        &self,
        request: &RequestContext,
        user: &UserId,
        old: &PasswordHash,
        password: &Password,
    ) -> Result<Option<PasswordHash>, SignInError> {
        let new = self.context.ports.hasher.hash(password).await?;
        let tx = self.context.store().begin(request).await?;
        let now = self.context.now();
        if tx.accounts().replace_password(user, old, &new, now).await? == Changed::Stale {
            return Ok(None);
        }
        tx.record(Event::of(EventKind::PasswordRehashed, user)).await?;
        tx.commit().await?;
        Ok(Some(new))
    }

    async fn remind(
        &self,
        tx: &dyn Transaction,
        user: &User,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), StoreError> {
        let settings = &self.context.settings.email_verification;
        if settings.send_on_sign_in && settings.send_verification_email {
            // The answer is the same where too many were mailed.
            let _ = self
                .links
                .mail_verification(tx, user, Asker::Owner, callback)
                .await?;
        }
        Ok(())
    }
}

/// How a sign-in ended that the session issuer, which counts its own answers, was not asked about.
const fn failure_before_issuing(error: &SignInError) -> Option<SignInOutcome> {
    match error {
        SignInError::InvalidCredentials | SignInError::PasswordTooLong => {
            Some(SignInOutcome::WrongCredentials)
        }
        SignInError::TooManyAttempts(_) => Some(SignInOutcome::TooManyAttempts),
        SignInError::Hash(HashError::Busy) => Some(SignInOutcome::Busy),
        SignInError::Hash(HashError::Failed(_)) | SignInError::Store(_) => Some(SignInOutcome::Failed),
        SignInError::Disabled
        | SignInError::EmailNotVerified
        | SignInError::Banned
        | SignInError::SecondFactorUnavailable
        | SignInError::Rejected(_) => None,
    }
}

impl From<AttemptError> for SignInError {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::TooMany(error) => Self::TooManyAttempts(error),
            AttemptError::Store(error) => Self::Store(error),
        }
    }
}

impl From<SignInDenied> for SignInError {
    fn from(denied: SignInDenied) -> Self {
        match denied {
            SignInDenied::EmailNotVerified => Self::EmailNotVerified,
            SignInDenied::Banned => Self::Banned,
            SignInDenied::SecondFactorUnavailable => Self::SecondFactorUnavailable,
            SignInDenied::Rejected(rejection) => Self::Rejected(rejection),
        }
    }
}
