use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use doorward_domain::audit::{AuditEventRepository, Chain, Flaw, Link};
use doorward_domain::{BoxError, Changed, Inserted, Locked, RequestContext, Signer, StoreError, Transaction};

use crate::audit::record_omitted;
use crate::{Context, Progress, Worker};

/// How often new events are sealed.
const PAUSE: Duration = Duration::from_secs(10);

/// Why events were not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The row that says how far the chain reaches is not as the server wrote it. To seal more would hide that.
    #[error("the chain of the audit log {0}; run `doorward audit verify`")]
    Chain(Flaw),
    /// The row is missing although there are sealed events.
    #[error(
        "the row that says how far the chain of the audit log reaches is missing; run `doorward audit verify`"
    )]
    ChainMissing,
    /// This server knows of a longer chain. To seal more would hide that it was cut off or begun anew.
    #[error(
        "the chain of the audit log reached event {seq} and does no longer: it was cut off or begun anew; \
         see what the logs of the servers say was sealed"
    )]
    Rewound {
        /// The number up to which this server knows it.
        seq: i64,
    },
    /// An event whose retention seems to be over is not as the server wrote it.
    #[error("event {seq} of the audit log {flaw}; run `doorward audit verify`")]
    Event {
        /// Its number in the chain.
        seq: i64,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// An event was changed although it was locked.
    #[error("an audit event changed while it was sealed")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives committed events their place in the chain, so that it is noticed if one is changed, removed or inserted.
///
/// It is not done in the transaction of the event: there, every writer would wait for the one before.
#[derive(Clone, Debug)]
pub struct SealEvents {
    context: Context,
    /// Up to which place this server knows the chain. Who can write to the database cannot write here.
    known: Arc<Mutex<Option<Link>>>,
}

impl SealEvents {
    /// The most events that one run seals.
    pub const BATCH: u64 = 200;

    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            context,
            known: Arc::default(),
        }
    }

    /// Seals events that are not, the oldest first, and answers how many. An event that was committed late is sealed late: the
    /// chain is in the order of sealing, not in that of time. Two servers take turns.
    ///
    /// A chain that reached further while this server runs is not gone on with.
    pub async fn run(&self, request: &RequestContext) -> Result<u64, SealError> {
        let store = self.context.store();
        let known = self.known();
        let chain = store.audit_events().find_chain().await?;
        let is_known =
            chain.is_some_and(|chain| known.as_ref() == Some(&chain.end) && chain.unsigned_until.is_some());
        if is_known && store.audit_events().oldest_unsealed().await?.is_none() {
            return Ok(0);
        }
        let tx = store.begin(request).await?;
        let signer = &*self.context.ports.signer;
        let before = lock_chain(&*tx, signer).await?;
        if let Some(known) = known {
            check_holds(tx.audit_events(), &before, &known).await?;
        }
        let mut chain = before.clone();
        let events = tx.audit_events().lock_unsealed(Self::BATCH).await?;
        let sealed = u64::try_from(events.len()).unwrap_or(u64::MAX);
        for event in events {
            let event = chain.seal(event, signer);
            if tx.audit_events().seal(&event).await? == Changed::Stale {
                return Err(SealError::Stale);
            }
            chain = chain.up_to(&event, signer);
        }
        if sealed < Self::BATCH && chain.unsigned_until.is_none() {
            chain = chain.all_signed_from_here(signer);
        }
        if tx.audit_events().update_chain(&before, &chain).await? == Changed::Stale {
            return Err(SealError::Stale);
        }
        tx.commit().await?;
        if sealed > 0 {
            // Kept outside of the database, this shows later whether the chain was cut off or begun anew.
            tracing::info!(
                sealed,
                seq = chain.end.seq,
                seal = chain.end.seal,
                "audit events sealed"
            );
        }
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(chain.end);
        Ok(sealed)
    }

    fn known(&self) -> Option<Link> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Refuses a chain that does not hold this place, unless the retention of what was there is over.
async fn check_holds(
    events: &dyn AuditEventRepository,
    chain: &Chain,
    known: &Link,
) -> Result<(), SealError> {
    let is_held = if chain.end.seq <= known.seq {
        chain.end == *known
    } else if chain.begin.seq >= known.seq {
        chain.begin.seq > known.seq || chain.begin == *known
    } else {
        let there = events.sealed_after(known.seq - 1, 1).await?;
        there.first().is_some_and(|event| event.link() == *known)
    };
    if is_held {
        Ok(())
    } else {
        Err(SealError::Rewound { seq: known.seq })
    }
}

/// The chain, which no other transaction can change before this one ends. It is begun if there is none.
pub(crate) async fn lock_chain(tx: &dyn Transaction, signer: &dyn Signer) -> Result<Chain, SealError> {
    let events = tx.audit_events();
    let chain = match events.lock_chain().await? {
        Some(chain) => chain,
        None => begin_chain(events, signer).await?,
    };
    chain.check(signer).map_err(SealError::Chain)?;
    Ok(chain.into_inner())
}

async fn begin_chain(
    events: &dyn AuditEventRepository,
    signer: &dyn Signer,
) -> Result<Locked<Chain>, SealError> {
    if !events.sealed_after(i64::MIN, 1).await?.is_empty() {
        return Err(SealError::ChainMissing);
    }
    let unsealed = events.count_unsealed().await?;
    tracing::warn!(
        unsealed,
        "the audit log has no chain and gets one: at the first start that is right, later it was removed"
    );
    // If another server has just begun it, this one goes on with that.
    let (Inserted::Inserted | Inserted::AlreadyThere) = events.insert_chain(&Chain::empty(signer)).await?;
    events.lock_chain().await?.ok_or(SealError::ChainMissing)
}

#[async_trait]
impl Worker for SealEvents {
    fn name(&self) -> &'static str {
        "seal_audit_events"
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    async fn run(&self, request: &RequestContext) -> Result<Progress, BoxError> {
        record_omitted(&self.context, request).await?;
        let sealed = Self::run(self, request).await?;
        Ok(if sealed < Self::BATCH {
            Progress::Done
        } else {
            Progress::More
        })
    }
}
