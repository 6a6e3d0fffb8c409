use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::password::{HashError, Password, PasswordHash};
use doorward_domain::redirect::{RedirectTarget, encode_uri_component};
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{NotSignedIn, RequestContext, Secret, StoreError, Transaction, UserId};

use crate::email::{OutboxWriter, Written};
use crate::hooks::Rejection;
use crate::identity::{DeletionError, delete_or_anonymize, lock_for_administration};
use crate::password::{VerifyPassword, VerifyPasswordError};
use crate::rate_limit::TooManyAttempts;
use crate::session::lock_caller;
use crate::verification::Binding;
use crate::{Context, RequestError};

/// The input of [`DeleteUser`].
#[derive(Debug)]
pub struct DeleteUserInput<'a> {
    /// Their password, instead of a fresh session.
    pub password: Option<Password>,
    /// The token of a mailed link.
    pub token: Option<&'a str>,
    /// Where that link redirects to.
    pub callback: Option<&'a RedirectTarget>,
}

/// The result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The user was deleted.
    Done,
    /// A link to confirm the deletion was emailed.
    Asked,
}

/// Why the user was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteUserError {
    /// Users may not delete themselves.
    #[error("deleting users is disabled")]
    Disabled,
    /// The password is longer than the policy allows.
    #[error("the password is too long")]
    PasswordTooLong,
    /// The user has no password.
    #[error("the user has no password")]
    NoCredential,
    /// It is not the user's password.
    #[error("the password is wrong")]
    WrongPassword,
    /// Too many were wrong before, so that this one was not looked at.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// No password was given, and the session is not fresh (PW-9).
    #[error("the session is not fresh")]
    NotFresh,
    /// The token is unknown, used, expired or another user's.
    #[error("the token is invalid")]
    InvalidToken,
    /// The user is the last administrator (AC-5).
    #[error("the last administrator stays")]
    LastAdministrator,
    /// A hook refused it.
    #[error(transparent)]
    Rejected(Rejection),
    /// The password could not be compared.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// No session, or the session or the user was deleted meanwhile.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deletes the user who makes the request.
#[derive(Clone, Debug)]
pub struct DeleteUser {
    context: Context,
    verify: VerifyPassword,
    outbox: OutboxWriter,
}

impl DeleteUser {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            verify: VerifyPassword::new(context.clone()),
            outbox: OutboxWriter::new(context.clone()),
            context,
        }
    }

    /// Whether users may delete themselves at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.context.settings.delete_user.enabled
    }

    /// Deletes the user, or asks by mail first.
    pub async fn run(
        &self,
        request: &RequestContext,
        input: DeleteUserInput<'_>,
    ) -> Result<Deletion, DeleteUserError> {
        if !self.is_enabled() {
            return Err(DeleteUserError::Disabled);
        }
        let caller = request.signed_in()?;
        let verified = match &input.password {
            Some(password) => self.verify.run(request, password).await?.password,
            None => None,
        };
        if let Some(token) = input.token {
            self.confirm(request, token).await?;
            return Ok(Deletion::Done);
        }
        if self.context.settings.delete_user.send_delete_account_verification {
            self.ask(request, verified.as_ref(), input.callback).await?;
            return Ok(Deletion::Asked);
        }
        let fresh = self
            .context
            .settings
            .session
            .is_fresh(&caller.session, self.context.now());
        if input.password.is_none() && !fresh {
            return Err(DeleteUserError::NotFresh);
        }
        let tx = self.context.store().begin(request).await?;
        self.delete(tx, request, verified.as_ref()).await?;
        Ok(Deletion::Done)
    }

    /// Deletes the user if the token was emailed to them. Another user's token stays valid (TK-6).
    pub async fn confirm(&self, request: &RequestContext, token: &str) -> Result<(), DeleteUserError> {
        let user = &request.signed_in()?.user.id;
        let token = OneTimeToken::parse(token).ok_or(DeleteUserError::InvalidToken)?;
        let key = VerificationKey::new(Purpose::DeleteAccount, token);
        let tx = self.context.store().begin(request).await?;
        let found = tx.verifications().consume(&key, self.context.now()).await?;
        let row = found.ok_or(DeleteUserError::InvalidToken)?;
        if Binding::of(row).user_id != *user {
            return Err(DeleteUserError::InvalidToken);
        }
        self.delete(tx, request, None).await
    }

    /// Of concurrent requests, one deletes the user; the others find no session (RE-4).
    async fn delete(
        &self,
        tx: Box<dyn Transaction>,
        request: &RequestContext,
        verified: Option<&PasswordHash>,
    ) -> Result<(), DeleteUserError> {
        let id = &request.signed_in()?.user.id;
        let target = lock_for_administration(&*tx, &self.context, request, id).await?;
        let user = target.user.ok_or(NotSignedIn)?;
        Self::check_unchanged(&*tx, &user.id, verified).await?;
        if target.is_last_administrator {
            return Err(DeleteUserError::LastAdministrator);
        }
        Ok(delete_or_anonymize(tx, &self.context, &user).await?)
    }

    /// Refuses a password that was changed, or rehashed, between its verification and the lock of its user.
    async fn check_unchanged(
        tx: &dyn Transaction,
        user: &UserId,
        verified: Option<&PasswordHash>,
    ) -> Result<(), DeleteUserError> {
        let Some(verified) = verified else {
            return Ok(());
        };
        let account = tx.accounts().find_credential(user).await?;
        let present = account.and_then(|account| account.password);
        if present.is_some_and(|present| present.is_same(verified)) {
            Ok(())
        } else {
            Err(DeleteUserError::WrongPassword)
        }
    }

    async fn ask(
        &self,
        request: &RequestContext,
        verified: Option<&PasswordHash>,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), DeleteUserError> {
        let settings = &self.context.settings;
        let tx = self.context.store().begin(request).await?;
        let locked = lock_caller(&*tx, &self.context, request).await?;
        let user = locked.ok_or(NotSignedIn)?.user;
        Self::check_unchanged(&*tx, &user.id, verified).await?;
        let token = OneTimeToken::mint(Purpose::DeleteAccount, self.context.entropy());
        let key = VerificationKey::new(Purpose::DeleteAccount, token.clone());
        let row = Verification::new(
            &key,
            settings.security.tokens_at_rest,
            user.id.clone(),
            user.id.to_string(),
            settings.delete_user.delete_token_expires_in,
            self.context.now(),
            self.context.entropy(),
        );
        let callback = encode_uri_component(callback.map_or("/", RedirectTarget::as_str));
        let path = Secret::new(format!(
            "/delete-user/callback?token={}&callbackURL={callback}",
            token.expose()
        ));
        let link = Secret::new(settings.endpoint(path.expose()));
        tx.verifications().insert(&row).await?;
        let message = EmailMessage {
            kind: EmailKind::DeleteAccount,
            to: user.email.clone(),
            name: user.name.clone(),
            link,
        };
        if self.outbox.write(&*tx, &message).await? == Written::OverLimit {
            // The links in earlier emails are good.
            return Ok(());
        }
        tx.record(Event::of(EventKind::DeletionRequested, &user.id))
            .await?;
        Ok(tx.commit().await?)
    }
}

impl From<RequestError> for DeleteUserError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotSignedIn(error) => Self::NotSignedIn(error),
            RequestError::Store(error) => Self::Store(error),
        }
    }
}

impl From<DeletionError> for DeleteUserError {
    fn from(error: DeletionError) -> Self {
        match error {
            DeletionError::AlreadyGone => Self::NotSignedIn(NotSignedIn),
            DeletionError::Rejected(rejection) => Self::Rejected(rejection),
            DeletionError::Store(error) => Self::Store(error),
        }
    }
}

impl From<VerifyPasswordError> for DeleteUserError {
    fn from(error: VerifyPasswordError) -> Self {
        match error {
            VerifyPasswordError::TooLong => Self::PasswordTooLong,
            VerifyPasswordError::NoCredential => Self::NoCredential,
            VerifyPasswordError::Wrong => Self::WrongPassword,
            VerifyPasswordError::TooManyAttempts(error) => Self::TooManyAttempts(error),
            VerifyPasswordError::NotSignedIn(error) => Self::NotSignedIn(error),
            VerifyPasswordError::Hash(error) => Self::Hash(error),
            VerifyPasswordError::Store(error) => Self::Store(error),
        }
    }
}
