//! A store in memory with people in it, and the use-cases over it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use doorward_adapters::memory::{MemoryStore, Tables};
use doorward_application::email::{DeliverMail, Delivery};
use doorward_application::password::{SignIn, SignInError, SignInInput, SignInName};
use doorward_application::settings::Settings;
use doorward_application::sign_in::{IssuedSession, SessionRequest, SignedIn};
use doorward_application::{Context, Ports};
use doorward_domain::email::{EmailKind, EmailMessage, MailError, Mailer};
use doorward_domain::password::Password;
use doorward_domain::session::{Lifetime, Session, SessionToken};
use doorward_domain::user::User;
use doorward_domain::verification::{Purpose, Verification};
use doorward_domain::{Repositories, RequestContext};
use doorward_testing::{FixedClock, PASSWORD, PlainHasher, in_memory_ports, samples};

/// The ports and settings of a test, and what is behind the ports.
pub(crate) struct World {
    pub(crate) context: Context,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<FixedClock>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self::with(settings, |_| {})
    }

    /// The same with other ports.
    pub(crate) fn with(settings: Settings, change: impl FnOnce(&mut Ports)) -> Self {
        let (mut ports, store, clock) = in_memory_ports();
        change(&mut ports);
        Self {
            context: Context::new(ports, settings),
            store,
            clock,
        }
    }

    /// Adds a user whose password is [`PASSWORD`].
    pub(crate) async fn add(&self, user: User) -> User {
        let hash = PlainHasher::hash_of(PASSWORD);
        self.store.users().insert(&user).await.unwrap();
        let account = samples::credential(&user, hash.expose());
        self.store.accounts().insert(&account).await.unwrap();
        user
    }

    /// Adds the sample user of that id, with [`PASSWORD`].
    pub(crate) async fn add_user(&self, id: &str) -> User {
        self.add(samples::user(id)).await
    }

    /// Adds a session of the user, and answers the context of a request by them with it.
    pub(crate) async fn signed_in(&self, user: &User, token: &str) -> RequestContext {
        self.with_session(user, samples::session(user, token), token)
            .await
    }

    /// The same, with this session.
    pub(crate) async fn with_session(&self, user: &User, session: Session, token: &str) -> RequestContext {
        self.store.sessions().insert(&session).await.unwrap();
        samples::request_with(&session, user, token)
    }

    /// Signs somebody in by address and password.
    pub(crate) async fn sign_in(&self, user: &User, password: &str) -> Result<IssuedSession, SignInError> {
        let input = SignInInput {
            name: SignInName::Email(user.email.clone()),
            password: Password::new(password),
            callback: None,
            session: remembered(),
        };
        match SignIn::new(self.context.clone())
            .run(&samples::request(), input)
            .await?
        {
            SignedIn::Issued { opened, .. } => Ok(opened),
            SignedIn::Challenged(challenge) => panic!("{challenge:?}"),
        }
    }

    /// The user as they are stored, deleted or not.
    pub(crate) fn user(&self, id: &str) -> Option<User> {
        self.snapshot()
            .users
            .into_iter()
            .find(|user| user.id.as_str() == id)
    }

    pub(crate) fn snapshot(&self) -> Tables {
        self.store.snapshot()
    }

    /// Rows of links that can be followed. Others are marks.
    pub(crate) fn links(&self) -> Vec<Verification> {
        let rows = self.snapshot().verifications.into_iter();
        let is_link = |row: &Verification| {
            Purpose::LINKS
                .iter()
                .any(|purpose| row.identifier.starts_with(purpose.prefix()))
        };
        rows.filter(is_link).collect()
    }

    /// The ids of the sessions there are, in order.
    pub(crate) fn session_ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self
            .snapshot()
            .sessions
            .iter()
            .map(|session| session.id.to_string())
            .collect();
        ids.sort();
        ids
    }

    /// The password of the user as it is stored.
    pub(crate) fn hash(&self, id: &str) -> Option<String> {
        let accounts = self.snapshot().accounts;
        let of_user = accounts
            .into_iter()
            .filter(|account| account.user_id.as_str() == id);
        let mut hashes = of_user.filter_map(|account| account.password);
        hashes.next().map(|hash| hash.expose().to_owned())
    }

    /// Kinds of what was recorded about the user, in order.
    pub(crate) fn events(&self, subject: &str) -> Vec<String> {
        let events = self.snapshot().audit_events;
        let theirs = events
            .into_iter()
            .filter(|event| event.subject_id.as_ref().is_some_and(|id| id.as_str() == subject));
        theirs.map(|event| event.kind).collect()
    }

    /// Sends and answers the emails that wait.
    pub(crate) async fn emails(&self) -> Vec<EmailMessage> {
        let mailbox = Arc::new(Mailbox::default());
        let deliver = DeliverMail::new(self.context.clone(), mailbox.clone());
        while deliver
            .run(&samples::request(), std::future::pending())
            .await
            .unwrap()
            != Delivery::Nothing
        {}
        std::mem::take(&mut *mailbox.0.lock().unwrap())
    }

    /// The token in the only email with a link that waits.
    pub(crate) async fn mailed_token(&self) -> String {
        let mut emails = self.emails().await;
        emails.retain(|email| !matches!(email.kind, EmailKind::EmailChanged { .. }));
        assert_eq!(emails.len(), 1, "{emails:?}");
        token_of(&emails[0])
    }
}

/// The token in the link of an email.
pub(crate) fn token_of(email: &EmailMessage) -> String {
    let link = email.link.expose();
    let (_, rest) = link
        .split_once("token=")
        .or_else(|| link.split_once("/reset-password/"))
        .unwrap();
    rest.split(['&', '?']).next().unwrap().to_owned()
}

/// What a browser wants that holds no session yet.
pub(crate) const fn remembered() -> SessionRequest {
    SessionRequest {
        lifetime: Lifetime::Remembered,
        previous: None,
        device: None,
    }
}

pub(crate) fn token(text: &str) -> SessionToken {
    SessionToken::parse(text).unwrap()
}

/// Keeps emails.
#[derive(Default)]
struct Mailbox(Mutex<Vec<EmailMessage>>);

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, _: &str, message: &EmailMessage) -> Result<(), MailError> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
}
