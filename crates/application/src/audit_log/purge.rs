use chrono::{DateTime, Utc};
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
    /// how many. The log begins behind them from then on, so that the rest can be verified.
    pub async fn run(
        &self,
        request: &RequestContext,
        before: DateTime<Utc>,
        limit: u64,
    ) -> Result<u64, SealError> {
        let signer = &*self.context.ports.signer;
        let tx = self.context.store().begin(request).await?;
        let chain = lock_chain(&*tx, signer).await?;
        let oldest = tx.audit_events().sealed_after(chain.begin.seq, limit).await?;
        let Some(last) = oldest.iter().take_while(|event| event.event.at < before).last() else {
            return Ok(0);
        };
        let removed = tx.audit_events().remove_through(last.seq).await?;
        let behind = chain.clone().behind(last, signer);
        if tx.audit_events().update_chain(&chain, &behind).await? == Changed::Stale {
            return Err(SealError::Stale);
        }
        tx.commit().await?;
        Ok(removed)
    }
}
