use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use doorward_domain::account::Account;
use doorward_domain::audit::{AuditEvent, Chain};
use doorward_domain::device::Device;
use doorward_domain::email::OutboxMessage;
use doorward_domain::rate_limit::{BudgetKey, Spent};
use doorward_domain::session::Session;
use doorward_domain::user::User;
use doorward_domain::verification::Verification;

/// All that is stored, table by table. A test compares what [is committed](super::MemoryStore::snapshot) with what was there
/// before.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Users, deleted ones too.
    pub users: Vec<User>,
    /// Ways to sign in.
    pub accounts: Vec<Account>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// Single-use secrets, and marks.
    pub verifications: Vec<Verification>,
    /// Emails that wait.
    pub outbox: Vec<Waiting>,
    /// Audit events, as they were added.
    pub audit_events: Vec<AuditEvent>,
    /// Between which places the chain of audit events reaches.
    pub audit_chain: Option<Chain>,
    /// The events of the chain by number.
    pub audit_seals: BTreeMap<i64, Sealed>,
    /// Browsers in which users have signed in.
    pub devices: Vec<Device>,
    /// What was spent of budgets.
    pub budgets: Vec<SpentBudget>,
}

/// An event in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The id of the event.
    pub id: String,
    /// Its seal.
    pub seal: String,
}

/// What was spent of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentBudget {
    /// Whose budget it is.
    pub key: BudgetKey,
    /// How much of it.
    pub spent: Spent,
}

/// An email, and until when a worker has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The email.
    pub message: OutboxMessage,
    /// Until when a worker has it, if one has.
    pub lease_until: Option<DateTime<Utc>>,
}

impl Waiting {
    /// Whether it is this email, under the lease that ends then.
    pub(super) fn is_held(&self, id: &str, lease_until: DateTime<Utc>) -> bool {
        self.message.id == id && self.lease_until == Some(lease_until)
    }
}

impl PartialEq for Tables {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            users,
            accounts,
            sessions,
            verifications,
            outbox,
            audit_events,
            audit_chain,
            audit_seals,
            budgets,
            devices,
        } = self;
        let pairs = accounts.iter().zip(&other.accounts);
        accounts.len() == other.accounts.len()
            && pairs.into_iter().all(|(a, b)| is_same_account(a, b))
            && *users == other.users
            && *sessions == other.sessions
            && *verifications == other.verifications
            && *outbox == other.outbox
            && *audit_events == other.audit_events
            && *audit_chain == other.audit_chain
            && *audit_seals == other.audit_seals
            && *budgets == other.budgets
            && *devices == other.devices
    }
}

/// Hashes have no equality of their own, so that nobody compares them by mistake.
fn is_same_account(a: &Account, b: &Account) -> bool {
    let Account {
        id,
        user_id,
        provider_id,
        account_id,
        scope,
        password,
        created_at,
        updated_at,
    } = a;
    let same_password = match (password, &b.password) {
        (Some(a), Some(b)) => a.is_same(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    same_password
        && (id, user_id, provider_id, account_id, scope)
            == (&b.id, &b.user_id, &b.provider_id, &b.account_id, &b.scope)
        && (created_at, updated_at) == (&b.created_at, &b.updated_at)
}
