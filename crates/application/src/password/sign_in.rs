use doorward_domain::StoreError;
use doorward_domain::account::Account;
use doorward_domain::password::{HashError, Password, Verdict};
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::{Lifetime, SessionToken};
use doorward_domain::user::{Email, User};

use crate::Context;
use crate::session::{Client, Door, OpenError, OpenedSession, Opening, Proof, end_previous};
use crate::verification::VerificationLinks;

/// Somebody who says who they are.
#[derive(Debug)]
pub struct SignInInput {
    /// The address they signed up with.
    pub email: Email,
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
    pub opened: OpenedSession,
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
    /// The password could not be compared.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs somebody in by address and password.
#[derive(Clone, Debug)]
pub struct SignIn {
    context: Context,
    door: Door,
    links: VerificationLinks,
}

impl SignIn {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            door: Door::new(context.clone()),
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
        let user = self.verified_user(&input.email, &input.password).await?;
        if self.door.admits(&user).is_err() {
            self.remind(&user, input.callback.as_ref()).await?;
            return Err(SignInError::EmailNotVerified);
        }
        let tx = self.context.store().begin().await?;
        // The user as they are at this moment: a deletion may have come between.
        let user = tx
            .users()
            .find(&user.id)
            .await?
            .ok_or(SignInError::InvalidCredentials)?;
        end_previous(&*tx, &self.context, input.previous.as_ref()).await?;
        let opening = Opening {
            proof: Proof::Password,
            lifetime: input.lifetime,
            client: input.client,
        };
        let opened = self
            .door
            .open(&*tx, &user, opening)
            .await
            .map_err(|error| match error {
                OpenError::EmailNotVerified => SignInError::EmailNotVerified,
                OpenError::Store(error) => error.into(),
            })?;
        tx.commit().await?;
        Ok(SignedIn { user, opened })
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

    async fn verified_user(&self, email: &Email, password: &Password) -> Result<User, SignInError> {
        let store = self.context.store();
        let user = store.users().find_by_email(email).await?;
        let account = match &user {
            Some(user) => store.accounts().find_credential(&user.id).await?,
            None => None,
        };
        let hash = account.as_ref().and_then(|account| account.password.as_ref());
        let verdict = self.context.ports.hasher.verify(password, hash).await?;
        match (user, account, verdict) {
            (Some(user), Some(_), Verdict::Match) => Ok(user),
            (Some(user), Some(account), Verdict::MatchOutdated) => {
                self.rehash(&account, password).await;
                Ok(user)
            }
            _ => {
                tracing::info!("sign-in refused");
                Err(SignInError::InvalidCredentials)
            }
        }
    }

    /// Brings the stored hash up to date. Failing to never fails the sign-in (PW-3).
    async fn rehash(&self, account: &Account, password: &Password) {
        let Some(old) = &account.password else { return };
        let new = match self.context.ports.hasher.hash(password).await {
            Ok(new) => new,
            Err(error) => return tracing::warn!(%error, "password hash not brought up to date"),
        };
        let accounts = self.context.store().accounts();
        match accounts
            .replace_password(&account.user_id, old, &new, self.context.now())
            .await
        {
            Ok(_) => tracing::info!(user = %account.user_id, "password hash brought up to date"),
            Err(error) => tracing::warn!(%error, "password hash not brought up to date"),
        }
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
