use chrono::TimeDelta;
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::fields::{self, FieldChanges};
use doorward_domain::password::{HashError, Password, PasswordHash, PasswordProblem};
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::{AuthMethod, Authentication};
use doorward_domain::user::{ChosenUsername, Email, ImageUrl, User, UserName};
use doorward_domain::verification::{Purpose, Verification};
use doorward_domain::{Constraint, Inserted, RequestContext, Secret, StoreError, Transaction};

use crate::Context;
use crate::email::{Asker, OutboxWriter, Written};
use crate::hooks::{HookError, Rejection};
use crate::identity::{UsernameHolds, insert_user, new_user};
use crate::sign_in::{Admission, IssuedSession, SessionIssuer, SessionRequest, SignInDenied};
use crate::verification::VerificationLinks;

/// The input of [`SignUp`].
#[derive(Debug)]
pub struct SignUpInput {
    /// The display name.
    pub name: UserName,
    /// The email address.
    pub email: Email,
    /// The password.
    pub password: Password,
    /// The URL of a picture.
    pub image: Option<ImageUrl>,
    /// The username.
    pub username: Option<ChosenUsername>,
    /// Values of the application's additional fields.
    pub extra: FieldChanges,
    /// Where the verification link leads.
    pub callback: Option<RedirectTarget>,
    /// The requested session.
    pub session: SessionRequest,
}

/// The result of a sign-up.
#[derive(Debug)]
pub struct SignedUp {
    /// The user. Where the address is taken and the answer must not reveal that, an invented one (EN-2).
    pub user: User,
    /// The session, if signing up signs in.
    pub opened: Option<IssuedSession>,
}

/// Why a sign-up is refused.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Signing up is disabled.
    #[error("signing up is disabled")]
    Disabled,
    /// The policy refuses the password.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The address is taken.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The username is taken.
    #[error("the username is taken")]
    UsernameTaken,
    /// A hook refused it.
    #[error(transparent)]
    Rejected(Rejection),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs a user up by address and password.
#[derive(Clone, Debug)]
pub struct SignUp {
    context: Context,
    issuer: SessionIssuer,
    links: VerificationLinks,
    outbox: OutboxWriter,
    holds: UsernameHolds,
}

impl SignUp {
    const NOTICE_INTERVAL: TimeDelta = TimeDelta::hours(1);

    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            issuer: SessionIssuer::new(context.clone()),
            links: VerificationLinks::new(context.clone()),
            outbox: OutboxWriter::new(context.clone()),
            holds: UsernameHolds::new(context.clone()),
            context,
        }
    }

    /// Creates the user, the password account, the first session and the verification email, or nothing. The password is hashed
    /// also if the address is taken, so that timing reveals nothing (EN-3).
    pub async fn run(&self, request: &RequestContext, input: SignUpInput) -> Result<SignedUp, SignUpError> {
        let settings = &self.context.settings.email_and_password;
        if !settings.enabled || settings.disable_sign_up {
            return Err(SignUpError::Disabled);
        }
        self.context
            .check_new_password(&input.password, &input.name, &input.email)
            .await?;
        let hash = self.context.ports.hasher.hash(&input.password).await?;
        if let Some(username) = input
            .username
            .as_ref()
            .and_then(|chosen| chosen.username.as_ref())
        {
            let users = self.context.store().users();
            if users.find_by_username(username).await?.is_some() || self.holds.is_held(username).await? {
                return Err(SignUpError::UsernameTaken);
            }
        }
        let mut user = new_user(
            &self.context,
            input.name.clone(),
            input.email.clone(),
            input.image.clone(),
            self.context.now(),
        );
        if let Some(chosen) = input.username.clone() {
            user.username = chosen.username;
            user.display_username = chosen.display;
        }
        fields::apply(&input.extra, &mut user.extra);
        match self.create(request, &user, hash, input).await {
            Err(SignUpError::EmailTaken) => self.refuse(request, user).await,
            outcome => Ok(SignedUp {
                opened: outcome?,
                user,
            }),
        }
    }

    async fn create(
        &self,
        request: &RequestContext,
        user: &User,
        hash: PasswordHash,
        input: SignUpInput,
    ) -> Result<Option<IssuedSession>, SignUpError> {
        let settings = &self.context.settings;
        let tx = self.context.store().begin(request).await?;
        if let Some(username) = &user.username
            && self.holds.is_held_against(&*tx, username, None).await?
        {
            return Err(SignUpError::UsernameTaken);
        }
        insert_user(&*tx, &self.context, user, Some(hash))
            .await
            .map_err(|error| match error {
                StoreError::Conflict(Constraint::UserEmail) => SignUpError::EmailTaken,
                StoreError::Conflict(Constraint::Username) => SignUpError::UsernameTaken,
                error => error.into(),
            })?;
        if settings.mails_on_sign_up() {
            // Also where too many were mailed to this address: the user can ask for another one later.
            let _ = self
                .links
                .mail_verification(&*tx, user, Asker::Anybody, input.callback.as_ref())
                .await?;
        }
        tx.record(Event::of(EventKind::SignedUp, &user.id)).await?;
        let hooks = &self.context.ports.hooks.sign_up;
        hooks.before_commit(&*tx, user).await?;
        let mut opened = None;
        let mut admission = None;
        if settings.signs_in_on_sign_up() {
            let locked = tx.users().lock(&user.id).await?;
            let locked = locked.ok_or_else(|| StoreError::Failed("the user just added is gone".into()))?;
            let proof = Authentication::by(AuthMethod::Password, self.context.now());
            let answer = self
                .issuer
                .issue(request, &*tx, &locked, proof, input.session)
                .await?;
            match &answer {
                Admission::Issued(issued) => opened = Some(issued.clone()),
                // Nobody is there to record a refusal of.
                Admission::Denied(SignInDenied::Rejected(rejection)) => {
                    return Err(SignUpError::Rejected(rejection.clone()));
                }
                Admission::Denied(_) | Admission::Challenged(_) => {}
            }
            admission = Some(answer);
        }
        tx.commit().await?;
        tracing::info!(user = %user.id, "signed up");
        hooks.after_commit(user).await;
        if let Some(admission) = &admission {
            self.issuer.announce(user, admission).await;
        }
        Ok(opened)
    }

    /// The address is taken. Its owner is notified; the caller learns it only where a missing session would reveal it anyway.
    async fn refuse(&self, request: &RequestContext, invented: User) -> Result<SignedUp, SignUpError> {
        let settings = &self.context.settings;
        let is_told = settings.signs_in_on_sign_up();
        let held = invented.username.as_ref();
        let held = held.filter(|_| settings.security.hold_usernames && !is_told);
        if settings.security.notify_of_sign_up_attempts || held.is_some() {
            let tx = self.context.store().begin(request).await?;
            if let Some(owner) = tx.users().find_by_email(&invented.email).await? {
                if let Some(username) = held
                    && self.holds.hold(&*tx, username, &owner.id).await? == Inserted::AlreadyThere
                {
                    return Err(SignUpError::UsernameTaken);
                }
                self.notify_owner(&*tx, owner).await?;
                tx.commit().await?;
            }
        }
        if is_told {
            return Err(SignUpError::EmailTaken);
        }
        Ok(SignedUp {
            user: invented,
            opened: None,
        })
    }

    /// At most one email an hour (EN-5).
    async fn notify_owner(&self, tx: &dyn Transaction, owner: User) -> Result<(), StoreError> {
        if !self.context.settings.security.notify_of_sign_up_attempts {
            return Ok(());
        }
        let now = self.context.now();
        let identifier = format!("{}{}", Purpose::SignUpNotice.prefix(), owner.id);
        let until = now + Self::NOTICE_INTERVAL;
        let mark = Verification::unique(
            identifier,
            owner.id.to_string(),
            Some(owner.id.clone()),
            until,
            now,
        );
        if tx.verifications().insert_unless_live(&mark, now).await? == Inserted::Inserted {
            let link = Secret::new(self.context.settings.base_url.to_string());
            let message = EmailMessage {
                kind: EmailKind::SignUpAttempt,
                to: owner.email,
                name: owner.name,
                link,
            };
            if self.outbox.write(tx, &message).await? == Written::OverLimit {
                return Ok(());
            }
            tx.record(Event::of(EventKind::SignUpAttempted, &owner.id).denied())
                .await?;
        }
        Ok(())
    }
}

impl From<HookError> for SignUpError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::Rejected(rejection) => Self::Rejected(rejection),
            HookError::Store(error) => Self::Store(error),
        }
    }
}
