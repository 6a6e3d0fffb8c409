//! Who asks, from where, and under which id: the context of one HTTP request, command or run of a worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};

use crate::entropy::Entropy;
use crate::id::mint_id;
use crate::session::ActiveSession;
use crate::signer::{RequestSigner, Signer};
use crate::{SessionId, UserId};

/// Names one request in logs and in audit events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The id that something outside gave the request.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A new id.
    pub fn mint(now: DateTime<Utc>, entropy: &dyn Entropy) -> Self {
        Self(mint_id(now, entropy))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a request came from, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The network address; empty if unknown.
    pub ip_address: String,
    /// The `User-Agent` of the request; empty if it had none.
    pub user_agent: String,
}

impl Client {
    const USER_AGENT_MAX: usize = 512;

    /// Cuts the user agent to what is stored (IN-3) and drops control characters (IN-5).
    #[must_use]
    pub fn new(ip_address: String, user_agent: &str) -> Self {
        let is_fit = user_agent.len() <= Self::USER_AGENT_MAX
            && user_agent.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let user_agent = if is_fit {
            user_agent.to_owned()
        } else {
            let kept = user_agent.chars().filter(|letter| !letter.is_control());
            kept.take(Self::USER_AGENT_MAX).collect()
        };
        Self {
            ip_address,
            user_agent,
        }
    }
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A signed-in user. The session says whether an administrator impersonates them.
    User(Arc<ActiveSession>),
    /// An operator with access to the server, who runs this command.
    Operator(&'static str),
    /// The server itself: this worker.
    System(&'static str),
    /// Not authenticated.
    Anonymous,
}

impl Actor {
    /// How audit events call a signed-in user.
    pub const USER: &str = "user";
    /// How they call an operator.
    pub const OPERATOR: &str = "operator";
    /// How they call a worker of the server.
    pub const SYSTEM: &str = "system";
    /// How they call somebody who is not authenticated.
    pub const ANONYMOUS: &str = "anonymous";
}

/// The use-case is for signed-in users, and the actor is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody is signed in")]
pub struct NotSignedIn;

/// Who asks, from where, and under which id.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Who acts.
    pub actor: Actor,
    /// Where the request came from.
    pub client: Client,
    /// Names the request in logs and audit events.
    pub id: RequestId,
    /// When it arrived.
    pub at: DateTime<Utc>,
    events: Arc<AtomicU32>,
    signer: RequestSigner,
}

/// What a transaction keeps of the request it belongs to, for the events it records.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    /// `user`, `operator`, `system` or `anonymous`.
    pub actor_kind: &'static str,
    /// The user's id, or the name of the command or worker.
    pub actor_id: Option<String>,
    /// The session the user acts with.
    pub session_id: Option<SessionId>,
    /// The administrator who impersonates the user.
    pub impersonated_by: Option<UserId>,
    /// Where the request came from.
    pub client: Client,
    /// Names the request.
    pub id: RequestId,
    /// When it arrived.
    pub at: DateTime<Utc>,
    events: Arc<AtomicU32>,
    signer: RequestSigner,
}

impl RequestContext {
    /// The context of a request that arrived at this moment.
    #[must_use]
    pub fn new(actor: Actor, client: Client, id: RequestId, at: DateTime<Utc>) -> Self {
        Self {
            actor,
            client,
            id,
            at,
            events: Arc::default(),
            signer: RequestSigner::default(),
        }
    }

    /// The same request, whose audit events are signed by this signer. Those of others have no signature.
    #[must_use]
    pub fn signed_by(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = RequestSigner(Some(signer));
        self
    }

    /// The same request with this actor, once it is known.
    #[must_use]
    pub fn with_actor(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// The session of the user who asks.
    pub fn signed_in(&self) -> Result<&ActiveSession, NotSignedIn> {
        match &self.actor {
            Actor::User(session) => Ok(session),
            Actor::Operator(_) | Actor::System(_) | Actor::Anonymous => Err(NotSignedIn),
        }
    }

    /// What a transaction keeps of this request.
    #[must_use]
    pub fn facts(&self) -> RequestFacts {
        let (actor_kind, actor_id) = match &self.actor {
            Actor::User(session) => (Actor::USER, Some(session.user.id.to_string())),
            Actor::Operator(command) => (Actor::OPERATOR, Some((*command).to_owned())),
            Actor::System(worker) => (Actor::SYSTEM, Some((*worker).to_owned())),
            Actor::Anonymous => (Actor::ANONYMOUS, None),
        };
        let session = self.signed_in().ok().map(|active| &active.session);
        RequestFacts {
            actor_kind,
            actor_id,
            session_id: session.map(|session| session.id.clone()),
            impersonated_by: session.and_then(|session| session.impersonated_by.clone()),
            client: self.client.clone(),
            id: self.id.clone(),
            at: self.at,
            events: self.events.clone(),
            signer: self.signer.clone(),
        }
    }
}

impl RequestFacts {
    /// Who signs the events of this request.
    pub(crate) fn signer(&self) -> Option<&dyn Signer> {
        self.signer.0.as_deref()
    }

    /// The id of the next event of this request.
    pub(crate) fn next_event_id(&self) -> String {
        let number = self.events.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number:04}", self.id.as_str())
    }
}
