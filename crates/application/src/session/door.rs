use chrono::TimeDelta;
use doorward_domain::access::Ban;
use doorward_domain::fields;
use doorward_domain::session::{Lifetime, Session, SessionToken};
use doorward_domain::user::{User, UserChange};
use doorward_domain::{SessionId, StoreError, Transaction, UserId};

use crate::Context;

/// How somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// They typed the password just now, or chose it when signing up.
    Password,
    /// They followed a link that only the owner of the address could have.
    EmailLink,
    /// They held a session of theirs, which this one follows.
    Session,
    /// They are an administrator, who takes the user's place for this long.
    Impersonation {
        /// The administrator.
        by: UserId,
        /// How long.
        duration: TimeDelta,
    },
}

/// Where a request came from, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The network address; empty if unknown.
    pub ip_address: String,
    /// How the browser introduced itself; empty if it did not.
    pub user_agent: String,
}

impl Client {
    const USER_AGENT_MAX: usize = 512;

    /// Cuts the user agent to what is stored (IN-3) and drops control characters (IN-5).
    #[must_use]
    pub fn new(ip_address: String, user_agent: &str) -> Self {
        let user_agent = user_agent
            .chars()
            .filter(|letter| !letter.is_control())
            .take(Self::USER_AGENT_MAX)
            .collect();
        Self {
            ip_address,
            user_agent,
        }
    }
}

/// A request to be let in.
#[derive(Clone, Debug)]
pub struct SessionRequest {
    /// How the person proved who they are.
    pub proof: AuthMethod,
    /// How long they want to stay.
    pub lifetime: Lifetime,
    /// Where they come from.
    pub client: Client,
}

/// A session just opened, with the token in clear: the only moment it exists outside the browser.
#[derive(Clone, Debug)]
pub struct IssuedSession {
    /// The session.
    pub session: Session,
    /// Its token.
    pub token: SessionToken,
    /// How long it lasts.
    pub lifetime: Lifetime,
}

/// Why somebody is not let in although they proved who they are.
#[derive(Debug, thiserror::Error)]
pub enum SignInDenied {
    /// The address has to be verified first.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// The user is banned.
    #[error("the user is banned")]
    Banned,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The one door through which sessions come into being.
///
/// Every way to sign in ends here, so what keeps a user out (an unverified address, a deleted account, a ban, and one
/// day a missing second factor) is decided in this place and cannot be walked around.
#[derive(Clone, Debug)]
pub struct SessionIssuer {
    context: Context,
}

impl SessionIssuer {
    /// A door under these settings.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Whether the door would let this user in.
    pub fn check_admission(&self, user: &User) -> Result<(), SignInDenied> {
        if self
            .context
            .settings
            .email_and_password
            .require_email_verification
            && !user.email_verified
        {
            return Err(SignInDenied::EmailNotVerified);
        }
        if user.ban.is_active(self.context.now()) {
            return Err(SignInDenied::Banned);
        }
        Ok(())
    }

    /// [`open`](Self::open), or nothing if the door does not let the user in.
    pub async fn open_if_admitted(
        &self,
        tx: &dyn Transaction,
        user: &User,
        opening: SessionRequest,
    ) -> Result<Option<IssuedSession>, StoreError> {
        match self.open(tx, user, opening).await {
            Ok(opened) => Ok(Some(opened)),
            Err(SignInDenied::EmailNotVerified | SignInDenied::Banned) => Ok(None),
            Err(SignInDenied::Store(error)) => Err(error),
        }
    }

    /// Opens a session with a new token, and ends the oldest beyond the limit (SE-3, SE-11). The user must be as this
    /// transaction locked or added them, so that no ban comes in between.
    pub async fn open(
        &self,
        tx: &dyn Transaction,
        user: &User,
        opening: SessionRequest,
    ) -> Result<IssuedSession, SignInDenied> {
        match self.check_admission(user) {
            // An administrator looks at what the user would see, verified or not.
            Err(SignInDenied::EmailNotVerified)
                if matches!(opening.proof, AuthMethod::Impersonation { .. }) => {}
            outcome => outcome?,
        }
        let SessionRequest {
            proof,
            lifetime,
            client,
        } = opening;
        let now = self.context.now();
        let token = SessionToken::mint(self.context.entropy());
        if user.ban.is_expired(now) {
            let lifted = UserChange {
                ban: Ban::none().into(),
                ..UserChange::default()
            };
            tx.users().update(&user.id, &lifted, now).await?;
        }
        let policy = &self.context.settings.session;
        let (expires_at, impersonated_by) = match &proof {
            AuthMethod::Impersonation { by, duration } => (now + *duration, Some(by.clone())),
            AuthMethod::Password | AuthMethod::EmailLink | AuthMethod::Session => {
                (policy.first_expiry(lifetime, now), None)
            }
        };
        let session = Session {
            id: SessionId::mint(now, self.context.entropy()),
            user_id: user.id.clone(),
            token: token.stored(self.context.settings.security.tokens_at_rest),
            expires_at,
            created_at: now,
            updated_at: now,
            ip_address: Some(client.ip_address),
            user_agent: Some(client.user_agent),
            extra: fields::defaults(&self.context.settings.session_fields),
            impersonated_by,
            imported_at: None,
        };
        tx.sessions().insert(&session).await?;
        // An administrator's visit must not push out a session of the user.
        let own = session.impersonated_by.is_none();
        if let Some(most) = policy.max_per_user.filter(|_| own) {
            tx.sessions().trim(&user.id, most).await?;
        }
        tracing::info!(user = %user.id, session = %session.id, ?proof, "session opened");
        Ok(IssuedSession {
            session,
            token,
            lifetime,
        })
    }
}

/// Ends the session a browser held before it signs in again (SE-3), where that is wanted.
pub(crate) async fn end_previous(
    tx: &dyn Transaction,
    context: &Context,
    previous: Option<&SessionToken>,
) -> Result<(), StoreError> {
    let Some(token) = previous.filter(|_| context.settings.security.end_previous_session_on_sign_in) else {
        return Ok(());
    };
    if let Some((session, _)) = tx.sessions().find_with_user(token).await? {
        tx.sessions().delete(&session.id).await?;
    }
    Ok(())
}
