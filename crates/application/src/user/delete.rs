use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::password::{HashError, Password};
use doorward_domain::redirect::{RedirectTarget, encode_uri_component};
use doorward_domain::user::User;
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{Secret, StoreError, Transaction, UserId};

use crate::Context;
use crate::access::is_last_administrator;
use crate::email::OutboxWriter;
use crate::hooks::{HookError, Rejection};
use crate::password::{VerifyPassword, VerifyPasswordError};
use crate::session::CurrentSession;
use crate::settings::DeletionMode;

/// Somebody who wants to be gone.
#[derive(Debug)]
pub struct DeleteUserInput<'a> {
    /// Who asks.
    pub caller: &'a CurrentSession,
    /// Their password, instead of a fresh session.
    pub password: Option<Password>,
    /// The token of a mailed link.
    pub token: Option<&'a str>,
    /// Where that link leads in the end.
    pub callback: Option<&'a RedirectTarget>,
}

/// What became of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The user is gone.
    Done,
    /// An email asks whether they mean it.
    Asked,
}

/// Why the user stays.
#[derive(Debug, thiserror::Error)]
pub enum DeleteUserError {
    /// Users may not delete themselves.
    #[error("deleting users is disabled")]
    Disabled,
    /// No password is that long.
    #[error("the password is too long")]
    PasswordTooLong,
    /// The user signs in in other ways only.
    #[error("the user has no password")]
    NoCredential,
    /// It is not the user's password.
    #[error("the password is wrong")]
    WrongPassword,
    /// No password was given, and the person signed in too long ago (PW-9).
    #[error("the session is not fresh")]
    NotFresh,
    /// The token is unknown, used, expired or somebody else's.
    #[error("the token is invalid")]
    InvalidToken,
    /// Nobody would be left to administer the others (AC-5).
    #[error("the last administrator stays")]
    LastAdministrator,
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

/// Deletes the person who asks.
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
    pub async fn run(&self, input: DeleteUserInput<'_>) -> Result<Deletion, DeleteUserError> {
        if !self.is_enabled() {
            return Err(DeleteUserError::Disabled);
        }
        let caller = input.caller;
        if let Some(password) = &input.password {
            self.verify.run(&caller.user.id, password).await?;
        }
        if let Some(token) = input.token {
            self.confirm(&caller.user, token).await?;
            return Ok(Deletion::Done);
        }
        if self.context.settings.delete_user.send_delete_account_verification {
            self.ask(&caller.user, input.callback).await?;
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
        let tx = self.context.store().begin().await?;
        self.delete(tx, &caller.user).await?;
        Ok(Deletion::Done)
    }

    /// Deletes the user if the token was mailed to them. Somebody else's token stays good (TK-6).
    pub async fn confirm(&self, user: &User, token: &str) -> Result<(), DeleteUserError> {
        let token = OneTimeToken::parse(token).ok_or(DeleteUserError::InvalidToken)?;
        let key = VerificationKey::new(Purpose::DeleteAccount, token);
        let tx = self.context.store().begin().await?;
        let found = tx.verifications().consume(&key, self.context.now()).await?;
        let row = found.ok_or(DeleteUserError::InvalidToken)?;
        let owner = row.user_id.unwrap_or_else(|| UserId::from_stored(row.value));
        if owner != user.id {
            return Err(DeleteUserError::InvalidToken);
        }
        self.delete(tx, user).await
    }

    async fn delete(&self, tx: Box<dyn Transaction>, user: &User) -> Result<(), DeleteUserError> {
        if is_last_administrator(&*tx, &self.context, &user.id).await? {
            return Err(DeleteUserError::LastAdministrator);
        }
        Ok(delete_or_anonymize(tx, &self.context, user).await?)
    }

    async fn ask(&self, user: &User, callback: Option<&RedirectTarget>) -> Result<(), StoreError> {
        let settings = &self.context.settings;
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

        let tx = self.context.store().begin().await?;
        tx.verifications().insert(&row).await?;
        let message = EmailMessage {
            kind: EmailKind::DeleteAccount,
            to: user.email.clone(),
            name: user.name.clone(),
            link,
        };
        self.outbox.write(&*tx, &message).await?;
        tx.commit().await
    }
}

/// Removes a user as it is configured: at once, or hidden until the retention is over. Either way all sessions and all that
/// was mailed to them end with it (SE-6).
pub(crate) async fn delete_or_anonymize(
    tx: Box<dyn Transaction>,
    context: &Context,
    user: &User,
) -> Result<(), HookError> {
    let mode = context.settings.delete_user.mode;
    let hooks = &context.ports.hooks.deletion;
    hooks.before_commit(&*tx, user).await?;
    match mode {
        DeletionMode::Hard => {
            tx.users().delete(&user.id).await?;
        }
        DeletionMode::Soft => {
            tx.users().soft_delete(&user.id, context.now()).await?;
            tx.sessions().delete_all(&user.id, None).await?;
            tx.verifications().cancel(&user.id, &Purpose::ALL).await?;
        }
    }
    tx.commit().await?;
    tracing::info!(user = %user.id, ?mode, "user deleted");
    hooks.after_commit(user).await;
    Ok(())
}

impl From<HookError> for DeleteUserError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::Rejected(rejection) => Self::Rejected(rejection),
            HookError::Store(error) => Self::Store(error),
        }
    }
}

impl From<VerifyPasswordError> for DeleteUserError {
    fn from(error: VerifyPasswordError) -> Self {
        match error {
            VerifyPasswordError::TooLong => Self::PasswordTooLong,
            VerifyPasswordError::NoCredential => Self::NoCredential,
            VerifyPasswordError::Wrong => Self::WrongPassword,
            VerifyPasswordError::Hash(error) => Self::Hash(error),
            VerifyPasswordError::Store(error) => Self::Store(error),
        }
    }
}
