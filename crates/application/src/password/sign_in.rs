use doorward_domain::password::{HashError, Password, PasswordHash, Verdict};
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::{Lifetime, SessionToken};
use doorward_domain::user::{Email, User, Username};
use doorward_domain::{StoreError, UserId};

use crate::Context;
use crate::hooks::{HookError, Rejection};
use crate::session::{
    AuthMethod, Client, IssuedSession, SessionIssuer, SessionRequest, SignInDenied, end_previous,
};
use crate::verification::VerificationLinks;

/// By what somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInName {
    /// The address they signed up with.
    Email(Email),
    /// The username they chose.
    Username(Username),
}

/// Somebody who says who they are.
#[derive(Debug)]
pub struct SignInInput {
    /// Who they say they are.
    pub name: SignInName,
    /// The password they typed.
    pub password: Password,
    /// How long they want to stay signed in.
    pub lifetime: Lifetime,
    /// Where a verification link leads, should one be sent.
    pub callback: Option<RedirectTarget>,
    /// Where they come from.
    pub client: Client,
    /// The session the browser holds already.
    pub previous: Option<SessionToken>,
}

/// Somebody who is who they said.
#[derive(Debug)]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// Their new session.
    pub opened: IssuedSession,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Nobody may sign in by password.
    #[error("signing in by password is disabled")]
    Disabled,
    /// No password is that long.
    #[error("the password is too long")]
    PasswordTooLong,
    /// No such user, no password, or the wrong one; which of them is not told (EN-1).
    #[error("the address or the password is wrong")]
    InvalidCredentials,
    /// The password is right, but the address has to be verified first (EN-4).
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// The password is right, but the user is banned (EN-4).
    #[error("the user is banned")]
    Banned,
    /// A hook says no.
    #[error(transparent)]
    Rejected(Rejection),
    /// The password could not be compared.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs somebody in by address or username and password.
#[derive(Clone, Debug)]
pub struct SignIn {
    context: Context,
    issuer: SessionIssuer,
    links: VerificationLinks,
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
            context,
        }
    }

    /// Opens a session if the password is right. An unknown user and a wrong password take the same time (EN-3).
    pub async fn run(&self, input: SignInInput) -> Result<SignedIn, SignInError> {
        if !self.context.settings.email_and_password.enabled {
            return Err(SignInError::Disabled);
        }
        self.check_length(&input.password)?;
        for _ in 0..Self::LOOKS {
            let (user, hash) = self.verified_user(&input.name, &input.password).await?;
            if let Err(error) = self.issuer.check_admission(&user) {
                if matches!(error, SignInDenied::EmailNotVerified) {
                    self.remind(&user, input.callback.as_ref()).await?;
                }
                return Err(error.into());
            }
            if let Some(signed_in) = self.enter(&user.id, &hash, &input).await? {
                return Ok(signed_in);
            }
        }
        Err(SignInError::InvalidCredentials)
    }

    /// Opens the session, unless the password is another by now: a reset may have come between, and must not be followed
    /// by a session of the old password (SE-7); or another sign-in, which brought the hash up to date.
    async fn enter(
        &self,
        user: &UserId,
        hash: &PasswordHash,
        input: &SignInInput,
    ) -> Result<Option<SignedIn>, SignInError> {
        let tx = self.context.store().begin().await?;
        let locked = tx.users().lock(user).await?;
        let user = locked.ok_or(SignInError::InvalidCredentials)?;
        let account = tx.accounts().find_credential(&user.id).await?;
        let present = account.and_then(|account| account.password);
        if !present.is_some_and(|present| present.is_same(hash)) {
            return Ok(None);
        }
        end_previous(&*tx, &self.context, input.previous.as_ref()).await?;
        let opening = SessionRequest {
            proof: AuthMethod::Password,
            lifetime: input.lifetime,
            client: input.client.clone(),
        };
        let opened = self.issuer.open(&*tx, &user, opening).await?;
        let hooks = &self.context.ports.hooks.sign_in;
        hooks.before_commit(&*tx, &user).await?;
        tx.commit().await?;
        hooks.after_commit(&user).await;
        Ok(Some(SignedIn { user, opened }))
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
        name: &SignInName,
        password: &Password,
    ) -> Result<(User, PasswordHash), SignInError> {
        let store = self.context.store();
        let user = match name {
            SignInName::Email(email) => store.users().find_by_email(email).await?,
            SignInName::Username(username) => store.users().find_by_username(username).await?,
        };
        let account = match &user {
            Some(user) => store.accounts().find_credential(&user.id).await?,
            None => None,
        };
        let hash = account.and_then(|account| account.password);
        let verdict = self.context.ports.hasher.verify(password, hash.as_ref()).await?;
        match (user, hash, verdict) {
            (Some(user), Some(hash), Verdict::Match) => Ok((user, hash)),
            (Some(user), Some(hash), Verdict::MatchOutdated) => {
                let hash = self.rehash(&user.id, hash, password).await;
                Ok((user, hash))
            }
            _ => {
                tracing::info!("sign-in refused");
                Err(SignInError::InvalidCredentials)
            }
        }
    }

    /// Brings the stored hash up to date and answers the one that is stored then. Failing to never fails the sign-in
    /// (PW-3).
    async fn rehash(&self, user: &UserId, old: PasswordHash, password: &Password) -> PasswordHash {
        match self.replace_hash(user, &old, password).await {
            Ok(Some(new)) => {
                tracing::info!(%user, "password hash brought up to date");
                return new;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "password hash not brought up to date"),
        }
        old
    }

    /// The new hash, unless somebody else changed the password meanwhile.
    async fn replace_hash(
        &self,
        user: &UserId,
        old: &PasswordHash,
        password: &Password,
    ) -> Result<Option<PasswordHash>, SignInError> {
        let new = self.context.ports.hasher.hash(password).await?;
        let (accounts, now) = (self.context.store().accounts(), self.context.now());
        let replaced = accounts.replace_password(user, old, &new, now).await?;
        Ok(replaced.then_some(new))
    }

    async fn remind(&self, user: &User, callback: Option<&RedirectTarget>) -> Result<(), StoreError> {
        let settings = &self.context.settings.email_verification;
        if !settings.send_on_sign_in || !settings.send_verification_email {
            return Ok(());
        }
        let tx = self.context.store().begin().await?;
        self.links.mail_verification(&*tx, user, callback).await?;
        tx.commit().await
    }
}

impl From<SignInDenied> for SignInError {
    fn from(error: SignInDenied) -> Self {
        match error {
            SignInDenied::EmailNotVerified => Self::EmailNotVerified,
            SignInDenied::Banned => Self::Banned,
            SignInDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<HookError> for SignInError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::Rejected(rejection) => Self::Rejected(rejection),
            HookError::Store(error) => Self::Store(error),
        }
    }
}
