use chrono::{DateTime, Utc};
use doorward_domain::audit::SealedEvent;
use doorward_domain::{Changed, RequestContext};

use super::seal::{SealError, lock_chain};
use crate::Context;

/// Removes audit events whose retention is over.
#[derive(Clone, Debug)]
pub struct PurgeEvents {
    context: Context,
}

impl PurgeEvents {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Removes sealed events that are older, from the beginning of the log up to the first that is not, `limit` at most, and answers
    /// how many. The log begins behind them from then on, so that the rest can be verified. What a clock that ran ahead dated in the
    /// future goes with what is older behind it.
    ///
    /// Nothing is removed that is not as the server wrote it: the new beginning would hide that it was altered.
    pub async fn run(
        &self,
        request: &RequestContext,
        before: DateTime<Utc>,
        limit: u64,
    ) -> Result<u64, SealError> {
        let signer = &*self.context.ports.signer;
        let now = self.context.now();
        let tx = self.context.store().begin(request).await?;
        let chain = lock_chain(&*tx, signer).await?;
        let is_older = |event: &SealedEvent| event.event.at < before;
        // What is before the beginning was inserted there, and is found.
        let mut oldest = tx.audit_events().sealed_after(i64::MIN, limit).await?;
        let passed = oldest
            .iter()
            .take_while(|event| is_older(event) || event.event.at > now);
        let removable = passed.count();
        oldest.truncate(removable);
        let Some(last) = oldest.iter().rposition(is_older) else {
            return Ok(0);
        };
        oldest.truncate(last + 1);
        let mut place = chain.begin.clone();
        for event in &oldest {
            let seq = event.seq;
            let check = chain.check_event(&place, event, signer);
            check.map_err(|flaw| SealError::Event { seq, flaw })?;
            place = event.link();
        }
        let removed = tx.audit_events().remove_through(place.seq).await?;
        if usize::try_from(removed) != Ok(oldest.len()) {
            return Err(SealError::Stale);
        }
        let behind = chain.clone().behind(place, signer);
        if tx.audit_events().update_chain(&chain, &behind).await? == Changed::Stale {
            return Err(SealError::Stale);
        }
        tx.commit().await?;
        Ok(removed)
    }
}
