//! What is recorded outside of the transaction of an act: reading on behalf of administrators, and what was refused.

mod budget;

use doorward_domain::audit::{Event, EventKind};
use doorward_domain::metrics::{Limit, Observation};
use doorward_domain::{RequestContext, StoreError};

use crate::Context;
pub use budget::RefusalBudget;

/// Records an event that changes nothing else.
pub(crate) async fn record(
    context: &Context,
    request: &RequestContext,
    event: Event,
) -> Result<(), StoreError> {
    let tx = context.store().begin(request).await?;
    tx.record(event).await?;
    tx.commit().await
}

/// Records a refusal that anybody can cause. Beyond the [`RefusalBudget`] it is counted.
///
/// Whether it is written depends on the client and on the number of refusals alone, so that the time it takes does not tell
/// whether a user exists (EN-3).
pub(crate) async fn record_refusal(
    context: &Context,
    request: &RequestContext,
    event: Event,
) -> Result<(), StoreError> {
    let budget = &context.refusals;
    let is_recorded = budget.take(&request.client, context.now());
    if !is_recorded {
        context.observe(Observation::LimitReached(Limit::RecordedRefusals));
    }
    let omitted = budget.settle(context.now());
    if !is_recorded && omitted == 0 {
        return Ok(());
    }
    let event = is_recorded.then(|| event.denied());
    let outcome = write(context, request, omitted, event).await;
    if outcome.is_err() {
        budget.put_back(omitted);
    }
    outcome
}

/// Records how many refusals were counted in the windows that are over.
pub(crate) async fn record_omitted(context: &Context, request: &RequestContext) -> Result<(), StoreError> {
    let omitted = context.refusals.settle(context.now());
    if omitted == 0 {
        return Ok(());
    }
    let outcome = write(context, request, omitted, None).await;
    if outcome.is_err() {
        context.refusals.put_back(omitted);
    }
    outcome
}

async fn write(
    context: &Context,
    request: &RequestContext,
    omitted: u64,
    event: Option<Event>,
) -> Result<(), StoreError> {
    let tx = context.store().begin(request).await?;
    if omitted > 0 {
        let number = Event::without_subject(EventKind::RefusalsOmitted).denied();
        tx.record(number.with_details(omitted.to_string())).await?;
    }
    if let Some(event) = event {
        tx.record(event).await?;
    }
    tx.commit().await
}
