use chrono::{DateTime, Utc};
use doorward_domain::account::Account;
use doorward_domain::password::{HashError, Password, PasswordHash, PasswordProblem};
use doorward_domain::user::{Email, ImageUrl, User, UserName};
use doorward_domain::{AccountId, Constraint, StoreError, Transaction, UserId};

use crate::Context;

/// Writes a user and the account they sign in with: never one without the other (RE-2).
pub(super) async fn register(
    tx: &dyn Transaction,
    context: &Context,
    user: &User,
    hash: PasswordHash,
) -> Result<(), StoreError> {
    tx.users().insert(user).await?;
    let id = AccountId::mint(user.created_at, context.entropy());
    tx.accounts()
        .insert(&Account::with_password(
            id,
            user.id.clone(),
            hash,
            user.created_at,
        ))
        .await
}

/// A user about to be registered.
pub(super) fn new_user(
    context: &Context,
    name: UserName,
    email: Email,
    image: Option<ImageUrl>,
    now: DateTime<Utc>,
) -> User {
    User::new(UserId::mint(now, context.entropy()), name, email, image, now)
}

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The policy refuses the password.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// Somebody has the address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a user on an operator's word: no session, no letter, and the address counts as verified.
#[derive(Clone, Debug)]
pub struct CreateUser {
    context: Context,
}

impl CreateUser {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Creates the user and the password account, or nothing.
    pub async fn run(
        &self,
        name: UserName,
        email: Email,
        password: Password,
    ) -> Result<User, CreateUserError> {
        let policy = &self.context.settings.email_and_password.password;
        policy.check(&password, &name, &email, &*self.context.ports.common_passwords)?;
        let hash = self.context.ports.hasher.hash(&password).await?;
        let mut user = new_user(&self.context, name, email, None, self.context.now());
        user.email_verified = true;
        let tx = self.context.store().begin().await?;
        register(&*tx, &self.context, &user, hash)
            .await
            .map_err(|error| match error {
                StoreError::Conflict(Constraint::UserEmail) => CreateUserError::EmailTaken,
                error => error.into(),
            })?;
        tx.commit().await?;
        Ok(user)
    }
}
