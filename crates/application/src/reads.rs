//! What a use-case may do with the store before it begins a transaction: read.

use chrono::{DateTime, Utc};
use doorward_domain::account::{Account, AccountRepository, PasswordHash};
use doorward_domain::audit::{
    AuditEvent, AuditEventRepository, Chain, EventPosition, EventQuery, Involvement, SealedEvent,
};
use doorward_domain::device::{Device, DeviceRepository};
use doorward_domain::email::{Backlog, OutboxMessage, OutboxRepository};
use doorward_domain::session::{Session, SessionHandle, SessionRepository, SessionToken};
use doorward_domain::user::{Email, User, UserPage, UserQuery, UserRepository, Username};
use doorward_domain::verification::{Verification, VerificationKey, VerificationRepository};
use doorward_domain::{AccountId, RequestContext, Store, StoreError, TokenDigest, Transaction, UserId};

type Answer<T> = Result<T, StoreError>;

/// The store as use-cases see it: they read from it, and write through a transaction that names the request.
///
/// The methods are those of the repositories that change nothing; their documentation is there.
#[derive(Clone, Copy)]
pub struct StoreReader<'a>(&'a dyn Store);

impl<'a> StoreReader<'a> {
    pub(crate) const fn new(store: &'a dyn Store) -> Self {
        Self(store)
    }

    /// Begins a transaction, see [`Store::begin`].
    pub async fn begin(self, request: &RequestContext) -> Answer<Box<dyn Transaction>> {
        self.0.begin(request).await
    }

    /// See [`UserRepository`].
    #[must_use]
    pub fn users(self) -> UserReader<'a> {
        UserReader(self.0.users())
    }

    /// See [`AccountRepository`].
    #[must_use]
    pub fn accounts(self) -> AccountReader<'a> {
        AccountReader(self.0.accounts())
    }

    /// See [`SessionRepository`].
    #[must_use]
    pub fn sessions(self) -> SessionReader<'a> {
        SessionReader(self.0.sessions())
    }

    /// See [`VerificationRepository`].
    #[must_use]
    pub fn verifications(self) -> VerificationReader<'a> {
        VerificationReader(self.0.verifications())
    }

    /// See [`OutboxRepository`].
    #[must_use]
    pub fn outbox(self) -> OutboxReader<'a> {
        OutboxReader(self.0.outbox())
    }

    /// See [`AuditEventRepository`].
    #[must_use]
    pub fn audit_events(self) -> AuditEventReader<'a> {
        AuditEventReader(self.0.audit_events())
    }

    /// See [`DeviceRepository`].
    #[must_use]
    pub fn devices(self) -> DeviceReader<'a> {
        DeviceReader(self.0.devices())
    }
}

/// Declares the readers: for each repository the methods that only read.
macro_rules! readers {
    ($($reader:ident of $repository:ident {
        $(fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+
    })+) => { $(
        #[doc = concat!("Reads from a [`", stringify!($repository), "`].")]
        #[derive(Clone, Copy)]
        pub struct $reader<'a>(&'a dyn $repository);

        impl $reader<'_> {
            $(
                #[doc = concat!("See [`", stringify!($repository), "::", stringify!($method), "`].")]
                pub async fn $method(self, $($argument: $type),*) -> Answer<$answer> {
                    self.0.$method($($argument),*).await
                }
            )+
        }
    )+ };
}

readers! {
    UserReader of UserRepository {
        fn find(id: &UserId) -> Option<User>;
        fn find_by_email(email: &Email) -> Option<User>;
        fn find_by_username(username: &Username) -> Option<User>;
        fn find_with_deleted(id: &UserId) -> Option<User>;
        fn has_second_factor(id: &UserId) -> bool;
        fn list(query: &UserQuery) -> UserPage;
    }
    AccountReader of AccountRepository {
        fn hashes(after: Option<&AccountId>, limit: u64) -> Vec<(AccountId, PasswordHash)>;
        fn find_credential(user: &UserId) -> Option<Account>;
        fn list(user: &UserId) -> Vec<Account>;
        fn with_provider_tokens(user: &UserId) -> Vec<AccountId>;
    }
    SessionReader of SessionRepository {
        fn find_with_user(token: &SessionToken) -> Option<(Session, User)>;
        fn find_by_handle(handle: &SessionHandle) -> Option<Session>;
        fn list_live(user: &UserId, now: DateTime<Utc>) -> Vec<Session>;
        fn list_all(user: &UserId) -> Vec<Session>;
        fn list_impersonations(administrator: &UserId) -> Vec<Session>;
    }
    VerificationReader of VerificationRepository {
        fn find(key: &VerificationKey) -> Option<Verification>;
        fn list(user: &UserId) -> Vec<Verification>;
    }
    OutboxReader of OutboxRepository {
        fn list(after: Option<String>, limit: u64) -> Vec<OutboxMessage>;
        fn backlog() -> Backlog;
    }
    DeviceReader of DeviceRepository {
        fn is_known(user: &UserId, device: &TokenDigest, since: DateTime<Utc>) -> bool;
        fn list(user: &UserId) -> Vec<Device>;
    }
    AuditEventReader of AuditEventRepository {
        fn list(query: &EventQuery) -> Vec<AuditEvent>;
        fn find_chain() -> Option<Chain>;
        fn sealed_after(seq: i64, limit: u64) -> Vec<SealedEvent>;
        fn oldest_unsealed() -> Option<DateTime<Utc>>;
        fn count_unsealed() -> u64;
        fn list_by_subject(subject: &UserId, limit: u64) -> Vec<AuditEvent>;
        fn list_involving(user: &UserId, involvement: Involvement, after: Option<EventPosition>, limit: u64) -> Vec<AuditEvent>;
    }
}
