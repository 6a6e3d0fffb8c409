use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::password::{HashError, Password, PasswordProblem};
use doorward_domain::user::{Email, RoleList, User, UserName};
use doorward_domain::verification::Verification;
use doorward_domain::{Constraint, Inserted, RequestContext, Secret, StoreError, TokenDigest};

use crate::Context;
use crate::audit::record_refusal;
use crate::identity::{insert_user, new_user};

/// The first administrator.
#[derive(Debug)]
pub struct SetUpInput {
    /// The secret the operator configured.
    pub token: Secret<String>,
    /// The display name.
    pub name: UserName,
    /// The email address.
    pub email: Email,
    /// The password.
    pub password: Password,
}

/// Why there is no first administrator.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// No secret is configured, or it was used, or there is an administrator already.
    #[error("setting up is not possible")]
    Closed,
    /// It is not the secret.
    #[error("the set-up token is wrong")]
    WrongToken,
    /// The policy refuses the password.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The address is taken.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates the first administrator for a caller who knows the operator's one-time secret (AC-8).
#[derive(Clone, Debug)]
pub struct SetUp {
    context: Context,
}

impl SetUp {
    /// How long the mark that a secret was used is kept: longer than any configuration is in use.
    const REMEMBERED: TimeDelta = TimeDelta::days(36_500);

    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Adds an administrator with a verified address, once. Of any number who try at once, one succeeds.
    pub async fn run(&self, request: &RequestContext, input: SetUpInput) -> Result<User, SetUpError> {
        let settings = &self.context.settings;
        let configured = settings.admin.setup_token.as_ref().ok_or(SetUpError::Closed)?;
        // Digests are compared, so that the time it takes says nothing of the secret (TK-7).
        let digest = TokenDigest::of(configured.expose());
        if digest != TokenDigest::of(input.token.expose()) {
            tracing::warn!("set-up refused");
            let event = Event::without_subject(EventKind::UserCreated).with_details("wrong set-up token");
            record_refusal(&self.context, request, event).await?;
            return Err(SetUpError::WrongToken);
        }
        let role = settings
            .access
            .administrators()
            .roles
            .first()
            .ok_or(SetUpError::Closed)?;
        self.context
            .check_new_password(&input.password, &input.name, &input.email)
            .await?;
        let hash = self.context.ports.hasher.hash(&input.password).await?;
        let now = self.context.now();
        let mut user = new_user(&self.context, input.name, input.email, None, now);
        user.email_verified = true;
        user.role = Some(RoleList::from_stored(role.clone()));
        let tx = self.context.store().begin(request).await?;
        let mark = Self::mark(&digest, now);
        let first = tx.verifications().insert_unless_live(&mark, now).await?;
        let there = tx
            .users()
            .lock_administrators(settings.access.administrators())
            .await?;
        if first == Inserted::AlreadyThere || !there.is_empty() {
            return Err(SetUpError::Closed);
        }
        insert_user(&*tx, &self.context, &user, Some(hash))
            .await
            .map_err(|error| match error {
                StoreError::Conflict(Constraint::UserEmail) => SetUpError::EmailTaken,
                error => error.into(),
            })?;
        tx.record(Event::of(EventKind::UserCreated, &user.id).with_details("first administrator"))
            .await?;
        tx.commit().await?;
        tracing::info!(user = %user.id, "first administrator added");
        Ok(user)
    }

    /// The mark that this secret was used.
    fn mark(digest: &TokenDigest, now: DateTime<Utc>) -> Verification {
        let identifier = format!("set-up:{}", digest.as_str());
        Verification::unique(identifier, "used".to_owned(), None, now + Self::REMEMBERED, now)
    }
}
