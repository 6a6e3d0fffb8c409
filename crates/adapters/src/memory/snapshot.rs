use chrono::{DateTime, Utc};
use doorward_domain::account::Account;
use doorward_domain::audit::AuditEvent;
use doorward_domain::email::OutboxMessage;
use doorward_domain::session::Session;
use doorward_domain::user::User;
use doorward_domain::verification::Verification;

use super::store::MemoryStore;

/// All that is committed, table by table: what a test compares with what was there before.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Users, deleted ones too.
    pub users: Vec<User>,
    /// Ways to sign in.
    pub accounts: Vec<Account>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// Single-use secrets, and marks.
    pub verifications: Vec<Verification>,
    /// Emails that wait, and until when a worker has them.
    pub outbox: Vec<(OutboxMessage, Option<DateTime<Utc>>)>,
    /// Audit events, as they were added.
    pub audit_events: Vec<AuditEvent>,
}

impl MemoryStore {
    /// What is committed at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.read(|tables| Snapshot {
            users: tables.users.clone(),
            accounts: tables.accounts.clone(),
            sessions: tables.sessions.clone(),
            verifications: tables.verifications.clone(),
            outbox: tables
                .outbox
                .iter()
                .map(|waiting| (waiting.message.clone(), waiting.lease_until))
                .collect(),
            audit_events: tables.audit_events.clone(),
        })
    }
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            users,
            accounts,
            sessions,
            verifications,
            outbox,
            audit_events,
        } = self;
        let same_accounts = accounts.len() == other.accounts.len()
            && accounts
                .iter()
                .zip(&other.accounts)
                .all(|(a, b)| same_account(a, b));
        same_accounts
            && *users == other.users
            && *sessions == other.sessions
            && *verifications == other.verifications
            && *outbox == other.outbox
            && *audit_events == other.audit_events
    }
}

/// Hashes do not implement equality, so that they are not compared by mistake.
fn same_account(a: &Account, b: &Account) -> bool {
    let same_password = match (&a.password, &b.password) {
        (Some(a), Some(b)) => a.is_same(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    same_password
        && (&a.id, &a.user_id, &a.provider_id, &a.account_id, &a.scope)
            == (&b.id, &b.user_id, &b.provider_id, &b.account_id, &b.scope)
        && (a.created_at, a.updated_at) == (b.created_at, b.updated_at)
}
