use doorward_domain::audit::{Chain, Event, EventFilter, EventKind, EventOrder, EventPosition, EventQuery};
use doorward_domain::{Changed, Inserted, RequestContext, StoreError};

use crate::Context;

/// What a restart of the chain came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restarted {
    /// How many events were in the chain, and are sealed anew.
    pub unsealed: u64,
    /// How many events lost a proof that did not hold.
    pub refuted: u64,
}

/// Begins the chain of audit events anew for an operator, over the events as they are.
///
/// A chain that does not hold is not gone on with, and nothing of it is removed: that would hide the flaw. Once the operator has seen
/// it, kept what `verify` said, and the log itself if that is wanted, this is how the log works again. It is also for a log whose
/// secret was lost.
#[derive(Clone, Debug)]
pub struct RestartChain {
    context: Context,
}

impl RestartChain {
    /// How many events change in one transaction.
    pub const BATCH: u64 = 500;

    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Takes all events out of the chain, and away from each the proof that does not hold; then an empty chain takes the place of the
    /// old one, and the restart is recorded. `verify` counts what has no signature any more.
    ///
    /// Until that last step nothing can be sealed, and if it is broken off it can be run again. Servers that run know the old chain
    /// and seal nothing until they are restarted.
    pub async fn run(&self, request: &RequestContext) -> Result<Restarted, StoreError> {
        let mut restarted = Restarted {
            refuted: self.remove_refuted_proofs(request).await?,
            unsealed: 0,
        };
        while !self.unseal(request, &mut restarted).await? {}
        Ok(restarted)
    }

    async fn remove_refuted_proofs(&self, request: &RequestContext) -> Result<u64, StoreError> {
        let signer = &*self.context.ports.signer;
        let mut query = EventQuery {
            order: EventOrder::OldestFirst,
            ..EventQuery::newest(EventFilter::default(), Self::BATCH)
        };
        let mut refuted = 0;
        loop {
            let page = self.context.store().audit_events().list(&query).await?;
            let Some(last) = page.last() else {
                return Ok(refuted);
            };
            query.after = Some(EventPosition::of(last));
            let tx = self.context.store().begin(request).await?;
            for event in page.iter().filter(|event| event.is_refuted(signer)) {
                // It may have been removed since, with its retention.
                if tx.audit_events().remove_proof(&event.id).await? == Changed::Applied {
                    refuted += 1;
                }
            }
            tx.commit().await?;
        }
    }

    /// Takes the next events out of the chain, and answers whether they were the last and the chain is a new one.
    async fn unseal(&self, request: &RequestContext, restarted: &mut Restarted) -> Result<bool, StoreError> {
        let tx = self.context.store().begin(request).await?;
        let events = tx.audit_events();
        // Whoever seals waits for this row.
        let old = events.lock_chain().await?;
        let unsealed = events.unseal(Self::BATCH).await?;
        restarted.unsealed += unsealed;
        if unsealed == Self::BATCH {
            tx.commit().await?;
            return Ok(false);
        }
        let empty = Chain::empty(&*self.context.ports.signer);
        let is_new = match old {
            Some(old) => events.update_chain(&old, &empty).await? == Changed::Applied,
            None => events.insert_chain(&empty).await? == Inserted::Inserted,
        };
        if !is_new {
            // A server began it meanwhile. Once more: it may have sealed something.
            return Ok(false);
        }
        let Restarted { unsealed, refuted } = restarted;
        let details = format!("{unsealed} events were sealed, {refuted} had a proof that did not hold");
        let event = Event::without_subject(EventKind::ChainRestarted);
        tx.record(event.with_details(details)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
