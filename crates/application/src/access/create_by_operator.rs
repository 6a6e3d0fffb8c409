use doorward_domain::audit::{Event, EventKind};
use doorward_domain::password::{HashError, Password, PasswordProblem};
use doorward_domain::user::{Email, RoleList, User, UserName};
use doorward_domain::{Constraint, RequestContext, StoreError};

use crate::Context;
use crate::identity::{insert_user, new_user};

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The policy refuses the password.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The address is taken.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// There are no administrators here: `admin.enabled` is false, or no role administers.
    #[error("there are no administrators without `admin.enabled = true` and a role in `admin.admin_roles`")]
    NoAdministrators,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a user or an administrator for an operator: no session, no email, and the address counts as verified.
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
        request: &RequestContext,
        name: UserName,
        email: Email,
        password: Password,
        administrator: bool,
    ) -> Result<User, CreateUserError> {
        let role = self.context.settings.access.administrators().roles.first();
        if administrator && (role.is_none() || !self.context.settings.admin.enabled) {
            return Err(CreateUserError::NoAdministrators);
        }
        self.context.check_new_password(&password, &name, &email).await?;
        let hash = self.context.ports.hasher.hash(&password).await?;
        let mut user = new_user(&self.context, name, email, None, self.context.now());
        user.email_verified = true;
        if administrator {
            user.role = role.map(RoleList::from_stored);
        }
        let tx = self.context.store().begin(request).await?;
        insert_user(&*tx, &self.context, &user, Some(hash))
            .await
            .map_err(|error| match error {
                StoreError::Conflict(Constraint::UserEmail) => CreateUserError::EmailTaken,
                error => error.into(),
            })?;
        tx.record(Event::of(EventKind::UserCreated, &user.id)).await?;
        tx.commit().await?;
        Ok(user)
    }
}
