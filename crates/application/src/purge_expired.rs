//! Removing expired rows.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::audit::{Event, EventKind};
use doorward_domain::device::Device;
use doorward_domain::rate_limit::LONGEST_WINDOW;
use doorward_domain::{BoxError, CLOCK_SKEW, ErrorChain, RequestContext, StoreError};

use crate::audit_log::{PurgeEvents, SealError};
use crate::{Context, Progress, Worker};

/// How often expired rows are removed.
const PAUSE: Duration = Duration::from_mins(10);

/// Removes expired sessions, verifications and counters, devices that were not seen for long, and users and audit events whose
/// retention is over (DT-2).
#[derive(Clone, Debug)]
pub struct PurgeExpired {
    context: Context,
}

/// How many rows a purge removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Expired sessions.
    pub sessions: u64,
    /// Expired verifications.
    pub verifications: u64,
    /// Devices that nobody signed in with for long.
    pub devices: u64,
    /// Deleted users whose retention period is over.
    pub users: u64,
    /// Audit events whose retention is over.
    pub events: u64,
    /// Budgets that are full again.
    pub budgets: u64,
    /// Keys of rate limits whose window is over.
    pub rate_limits: u64,
}

impl PurgeExpired {
    /// Rows of a kind that one run removes at most, so that no request waits long for the database.
    pub const BATCH: u64 = 500;

    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Removes one batch of each kind.
    pub async fn run(&self, request: &RequestContext) -> Result<Purged, StoreError> {
        // What a server with a slower clock still believes stays (RE-16).
        let now = self.context.now() - CLOCK_SKEW;
        let store = self.context.store();
        let tx = store.begin(request).await?;
        let sessions = tx.sessions().purge_expired(now, Self::BATCH).await?;
        let verifications = tx.verifications().purge_expired(now, Self::BATCH).await?;
        let budgets = tx.budgets().purge_expired(now, Self::BATCH).await?;
        let unseen = now - Device::KNOWN_FOR;
        let devices = tx.devices().purge_unseen(unseen, Self::BATCH).await?;
        tx.commit().await?;
        // Each kind by itself, so that a user who cannot be removed keeps nothing else back.
        let tx = store.begin(request).await?;
        let retention = self.context.settings.delete_user.retention;
        let users = tx.users().purge_deleted(now - retention, Self::BATCH).await?;
        for user in &users {
            tx.record(Event::of(EventKind::UserPurged, user)).await?;
        }
        tx.commit().await?;
        let events = self.purge_events(request, now).await?;
        let limiter = &self.context.ports.rate_limiter;
        let rate_limits = limiter.purge(now - LONGEST_WINDOW, Self::BATCH).await?;
        Ok(Purged {
            sessions,
            verifications,
            devices,
            users: u64::try_from(users.len()).unwrap_or(u64::MAX),
            events,
            budgets,
            rate_limits,
        })
    }

    /// Removes audit events whose retention is over; none where it is not limited (AU-2).
    async fn purge_events(&self, request: &RequestContext, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let Some(before) = self.context.settings.audit.purged_before(now) else {
            return Ok(0);
        };
        let purge = PurgeEvents::new(self.context.clone());
        match purge.run(request, before, Self::BATCH).await {
            Ok(events) => Ok(events),
            Err(SealError::Store(error)) => Err(error),
            Err(error) => {
                // Whatever is wrong with the chain, what there is must not be removed before somebody looked at it.
                tracing::error!(error = %ErrorChain(&error), "audit events are not removed");
                Ok(0)
            }
        }
    }
}

#[async_trait]
impl Worker for PurgeExpired {
    fn name(&self) -> &'static str {
        "purge_expired"
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    async fn run(&self, request: &RequestContext) -> Result<Progress, BoxError> {
        let purged = Self::run(self, request).await?;
        tracing::debug!(?purged, "expired rows removed");
        Ok(if purged.is_full() {
            Progress::More
        } else {
            Progress::Done
        })
    }
}

impl Purged {
    /// Whether some kind may have more left.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.sessions >= PurgeExpired::BATCH
            || self.verifications >= PurgeExpired::BATCH
            || self.devices >= PurgeExpired::BATCH
            || self.users >= PurgeExpired::BATCH
            || self.events >= PurgeExpired::BATCH
            || self.budgets >= PurgeExpired::BATCH
            || self.rate_limits >= PurgeExpired::BATCH
    }
}
