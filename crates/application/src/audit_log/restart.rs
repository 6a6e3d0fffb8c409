use doorward_domain::audit::{
    AuditEvent, Chain, Event, EventFilter, EventKind, EventOrder, EventPosition, EventQuery, Flaw,
};
use doorward_domain::{Changed, Inserted, RequestContext, StoreError};

use crate::Context;

/// Why the chain was not begun anew.
#[derive(Debug, thiserror::Error)]
pub enum RestartError {
    /// Events were signed with a secret that is not there. Nothing was changed: with that secret their proofs may hold.
    #[error(
        "the audit log was signed with a secret that is not configured here, and without it the proofs of its events would \
         be removed; nothing was changed"
    )]
    OtherKey,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether the secret that signed earlier events is lost for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormerSecret {
    /// It is not: what it signed is kept as it is.
    Kept,
    /// It is: what it signed can never be verified, so that its proofs are removed.
    Lost,
}

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
    /// How many events are read, or change, at once.
    pub const BATCH: u64 = 500;

    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Stops the chain, so that nothing is sealed meanwhile. Takes all events out of it, and away from each the proof that does not
    /// hold; then an empty chain takes its place, and the restart is recorded. `verify` counts what has no signature any more.
    ///
    /// If it is broken off, it can be run again. Servers that run know the old chain and seal nothing until they are restarted.
    pub async fn run(
        &self,
        request: &RequestContext,
        former_secret: FormerSecret,
    ) -> Result<Restarted, RestartError> {
        if former_secret == FormerSecret::Kept {
            self.check_keys().await?;
        }
        let stopped = self.stop(request).await?;
        let mut restarted = Restarted {
            refuted: self.remove_refuted_proofs(request).await?,
            unsealed: 0,
        };
        while !self.unseal(request, &stopped, &mut restarted).await? {}
        Ok(restarted)
    }

    async fn check_keys(&self) -> Result<(), RestartError> {
        let signer = &*self.context.ports.signer;
        let chain = self.context.store().audit_events().find_chain().await?;
        if chain.is_some_and(|chain| chain.check(signer) == Err(Flaw::OtherKey)) {
            return Err(RestartError::OtherKey);
        }
        let mut after = None;
        loop {
            let page = self.page(&mut after).await?;
            if page.is_empty() {
                return Ok(());
            }
            let mut flaws = page.iter().map(|event| event.flaw_of_proof(signer));
            if flaws.any(|flaw| flaw == Some(Flaw::OtherKey)) {
                return Err(RestartError::OtherKey);
            }
        }
    }

    /// The next events of the whole log, sealed or not; none at its end.
    async fn page(&self, after: &mut Option<EventPosition>) -> Result<Vec<AuditEvent>, StoreError> {
        let query = EventQuery {
            order: EventOrder::OldestFirst,
            after: after.take(),
            ..EventQuery::newest(EventFilter::default(), Self::BATCH)
        };
        let page = self.context.store().audit_events().list(&query).await?;
        *after = page.last().map(EventPosition::of);
        Ok(page)
    }

    /// Puts a chain that does not hold in the place of the one there is.
    async fn stop(&self, request: &RequestContext) -> Result<Chain, StoreError> {
        let signer = &*self.context.ports.signer;
        loop {
            let tx = self.context.store().begin(request).await?;
            let events = tx.audit_events();
            let old = events.lock_chain().await?;
            let stopped = match &old {
                Some(old) => Chain::clone(old).stopped(signer),
                None => Chain::empty(signer).stopped(signer),
            };
            let is_stopped = match &old {
                Some(old) => events.update_chain(old, &stopped).await? == Changed::Applied,
                None => events.insert_chain(&stopped).await? == Inserted::Inserted,
            };
            // If not, a server began a chain meanwhile.
            if is_stopped {
                tx.commit().await?;
                return Ok(stopped);
            }
        }
    }

    async fn remove_refuted_proofs(&self, request: &RequestContext) -> Result<u64, StoreError> {
        let signer = &*self.context.ports.signer;
        let (mut after, mut refuted) = (None, 0);
        loop {
            let page = self.page(&mut after).await?;
            if page.is_empty() {
                return Ok(refuted);
            }
            let tx = self.context.store().begin(request).await?;
            for event in page.iter().filter(|event| event.flaw_of_proof(signer).is_some()) {
                if tx.audit_events().remove_proof(&event.id).await? == Changed::Applied {
                    refuted += 1;
                }
            }
            tx.commit().await?;
        }
    }

    /// Takes the next events out of the chain, and answers whether they were the last and the chain is a new one.
    async fn unseal(
        &self,
        request: &RequestContext,
        stopped: &Chain,
        restarted: &mut Restarted,
    ) -> Result<bool, StoreError> {
        let tx = self.context.store().begin(request).await?;
        let events = tx.audit_events();
        let unsealed = events.unseal(Self::BATCH).await?;
        let is_last = unsealed < Self::BATCH;
        if is_last {
            let empty = Chain::empty(&*self.context.ports.signer);
            if events.update_chain(stopped, &empty).await? == Changed::Stale {
                return Err(StoreError::Failed("somebody else restarts the chain".into()));
            }
            let Restarted { refuted, .. } = restarted;
            let sealed = restarted.unsealed + unsealed;
            let details = format!("{sealed} events were sealed, {refuted} had a proof that did not hold");
            let event = Event::without_subject(EventKind::ChainRestarted);
            tx.record(event.with_details(details)).await?;
        }
        tx.commit().await?;
        restarted.unsealed += unsealed;
        Ok(is_last)
    }
}
