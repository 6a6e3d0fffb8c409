//! Entities as tests need them: complete, plain, and different where their argument differs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::account::{Account, CREDENTIAL_PROVIDER};
use doorward_domain::audit::{AuditEvent, EventKind, Outcome};
use doorward_domain::email::OutboxMessage;
use doorward_domain::fields::FieldValues;
use doorward_domain::password::PasswordHash;
use doorward_domain::session::{
    ActiveSession, Authentication, Session, SessionToken, StoredToken, TokenStorage,
};
use doorward_domain::user::{Email, User, UserName};
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{AccountId, Actor, Client, RequestContext, RequestId, SessionId, UserId};

/// The moment all samples are from, with milliseconds in it.
#[must_use]
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_767_323_045_678).unwrap_or_default()
}

/// That many seconds after [`now`].
#[must_use]
pub fn at(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

/// A user of that id, with an address made from it.
#[must_use]
pub fn user(id: &str) -> User {
    User::new(
        UserId::from_stored(id),
        UserName::from_stored(id),
        email(id),
        None,
        now(),
    )
}

/// The address of the user of that id.
#[must_use]
pub fn email(id: &str) -> Email {
    Email::from_stored(format!("{id}@example.test"))
}

/// The user's password account.
#[must_use]
pub fn credential(user: &User, hash: &str) -> Account {
    let id = AccountId::from_stored(format!("credential-{}", user.id));
    Account::with_password(id, user.id.clone(), PasswordHash::from_stored(hash), now())
}

/// An account of the user at another provider.
#[must_use]
pub fn linked(user: &User, provider: &str) -> Account {
    let id = AccountId::from_stored(format!("{provider}-{}", user.id));
    let mut account = Account::with_password(id, user.id.clone(), PasswordHash::from_stored(""), now());
    debug_assert_ne!(provider, CREDENTIAL_PROVIDER);
    provider.clone_into(&mut account.provider_id);
    account.password = None;
    account
}

/// An event that happened to this user, of which nobody knows who did it.
#[must_use]
pub fn event(id: &str, kind: EventKind, subject: &UserId, at: DateTime<Utc>) -> AuditEvent {
    AuditEvent {
        id: id.to_owned(),
        kind: kind.name().to_owned(),
        at,
        actor_kind: Actor::ANONYMOUS.to_owned(),
        actor_id: None,
        session_id: None,
        impersonated_by: None,
        subject_id: Some(subject.clone()),
        request_id: "request".to_owned(),
        ip_address: Some("192.0.2.9".to_owned()),
        user_agent: Some("a browser".to_owned()),
        outcome: Outcome::Success.name().to_owned(),
        details: None,
        proof: None,
    }
}

/// A session of the user, an hour long, whose token is stored as a digest.
#[must_use]
pub fn session(user: &User, token: &str) -> Session {
    session_stored(user, token, TokenStorage::Digest)
}

/// A session of the user, an hour long.
#[must_use]
pub fn session_stored(user: &User, token: &str, storage: TokenStorage) -> Session {
    let stored = SessionToken::parse(token)
        .map_or_else(|_| StoredToken::from_stored(token), |token| token.stored(storage));
    Session {
        id: SessionId::from_stored(format!("session-{token}")),
        user_id: user.id.clone(),
        token: stored,
        expires_at: at(3600),
        created_at: now(),
        updated_at: now(),
        ip_address: Some("192.0.2.7".to_owned()),
        user_agent: Some("sample".to_owned()),
        extra: FieldValues::new(),
        impersonated_by: None,
        authentication: Authentication::unknown(now()),
        lifetime: None,
        imported_at: None,
    }
}

/// The key of a mailed token.
///
/// # Panics
/// If the text cannot be a token.
#[must_use]
pub fn key(purpose: Purpose, token: &str) -> VerificationKey {
    let token = OneTimeToken::parse(token);
    #[expect(clippy::expect_used, reason = "a test that asks for this is wrong")]
    VerificationKey::new(purpose, token.expect("a plausible token"))
}

/// A row that makes a mailed token of the user good for an hour, stored as a digest.
#[must_use]
pub fn verification(key: &VerificationKey, user: &User) -> Verification {
    let identifier = key.identifier(TokenStorage::Digest);
    let mut row = Verification::unique(
        identifier,
        user.id.to_string(),
        Some(user.id.clone()),
        at(3600),
        now(),
    );
    row.id = format!("row-{}", row.identifier);
    row
}

/// An email that is due at that moment.
#[must_use]
pub fn message(id: &str, due_at: DateTime<Utc>) -> OutboxMessage {
    OutboxMessage {
        id: id.to_owned(),
        sealed: format!("sealed {id}"),
        attempts: 0,
        due_at,
        created_at: now(),
    }
}

/// The context of a request by nobody who is known, at the samples' moment. Each has an id of its own.
#[must_use]
pub fn request() -> RequestContext {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("request-{:08}", COUNT.fetch_add(1, Ordering::Relaxed));
    RequestContext::new(Actor::Anonymous, Client::default(), RequestId::new(id), now())
}

/// The context of a request by this user, with this session.
///
/// # Panics
/// If the text cannot be a token.
#[must_use]
pub fn request_with(session: &Session, user: &User, token: &str) -> RequestContext {
    let token = SessionToken::parse(token);
    #[expect(clippy::expect_used, reason = "a test that asks for this is wrong")]
    let active = ActiveSession {
        session: session.clone(),
        user: user.clone(),
        token: token.expect("a plausible token"),
        refreshed: false,
        needs_refresh: false,
    };
    request().with_actor(Actor::User(Arc::new(active)))
}

/// The context of a request by this user.
#[must_use]
pub fn request_by(user: &User) -> RequestContext {
    request_with(&session(user, "request"), user, "request")
}
