use chrono::{DateTime, Utc};
use doorward_domain::email::Backlog;

use crate::cache::CacheLoad;
use crate::password::HashLoad;
use crate::sea_orm::PoolLoad;
use crate::system::ProcessUsage;

/// What is looked up when somebody asks, because it is kept elsewhere. What is unknown is not shown.
#[derive(Clone, Debug)]
pub struct Readings {
    /// The time.
    pub now: DateTime<Utc>,
    /// Open connections of clients.
    pub connections: u64,
    /// The hashing threads and the queue in front of them.
    pub hashing: Option<HashLoad>,
    /// The connections to the database.
    pub pool: Option<PoolLoad>,
    /// The session cache.
    pub session_cache: Option<CacheLoad>,
    /// The emails that wait; none if the database did not answer.
    pub outbox: Option<Backlog>,
    /// Passwords that were looked for among breached ones, where that is on.
    pub breach_checks: Option<BreachChecks>,
    /// What the process uses.
    pub process: ProcessUsage,
}

/// How often passwords were looked for among breached ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BreachChecks {
    /// They were not among them.
    pub unknown: u64,
    /// They were, and were refused.
    pub compromised: u64,
    /// There was no answer.
    pub unavailable: u64,
}
