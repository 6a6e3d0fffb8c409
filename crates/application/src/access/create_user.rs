use doorward_domain::RequestContext;
use doorward_domain::access::permissions;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::password::{Password, PasswordProblem};
use doorward_domain::user::{Email, User, UserChange, UserName};

use super::authorize::{AdminError, Asked, check_roles, require, require_locked};
use crate::Context;
use crate::identity::{insert_user, new_user};

/// A user whom an administrator creates.
#[derive(Debug)]
pub struct AdminCreateUserInput {
    /// The display name.
    pub name: UserName,
    /// The email address.
    pub email: Email,
    /// Their password; without one they have no password account.
    pub password: Option<Password>,
    /// What else is known of them.
    pub more: UserChange,
}

/// Adds a user on behalf of an administrator: no session, no email.
#[derive(Clone, Debug)]
pub struct AdminCreateUser {
    context: Context,
}

impl AdminCreateUser {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Adds the user, and the account if there is a password, or nothing.
    pub async fn run(
        &self,
        request: &RequestContext,
        input: AdminCreateUserInput,
    ) -> Result<User, AdminError> {
        require(&self.context, request, &permissions::user::CREATE)?;
        let mut needed = vec![permissions::user::CREATE];
        if let Some(role) = &input.more.role {
            require(&self.context, request, &permissions::user::SET_ROLE)?;
            check_roles(&self.context, request, role)?;
            needed.push(permissions::user::SET_ROLE);
        }
        if !input.more.ban.is_empty() {
            needed.push(permissions::user::BAN);
        }
        if input.more.email_verified.is_some() {
            needed.push(permissions::user::SET_EMAIL);
        }
        for permission in &needed {
            require(&self.context, request, permission)?;
        }
        let hash = match &input.password {
            Some(password) => {
                self.check(password, &input).await?;
                Some(self.context.ports.hasher.hash(password).await?)
            }
            None => None,
        };
        let now = self.context.now();
        let image = input.more.profile.image.clone().flatten();
        let plain = new_user(&self.context, input.name, input.email, image, now);
        let user = input.more.applied_to(plain, now);
        let tx = self.context.store().begin(request).await?;
        let asked = Asked {
            permissions: &needed,
            roles: input.more.role.as_ref(),
        };
        require_locked(&self.context, request, &*tx, &asked).await?;
        insert_user(&*tx, &self.context, &user, hash).await?;
        tx.record(Event::of(EventKind::UserCreated, &user.id)).await?;
        tx.commit().await?;
        tracing::info!(user = %user.id, "user added");
        Ok(user)
    }

    /// Like any password, but as short as the administrator likes: Better Auth sets no lower limit here.
    async fn check(&self, password: &Password, input: &AdminCreateUserInput) -> Result<(), AdminError> {
        let outcome = self
            .context
            .check_new_password(password, &input.name, &input.email)
            .await;
        match outcome {
            Err(PasswordProblem::TooShort) => Ok(self.context.check_not_breached(password).await?),
            outcome => Ok(outcome?),
        }
    }
}
