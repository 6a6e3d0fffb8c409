use doorward_domain::RequestContext;
use doorward_domain::audit::{EventFilter, OwnEvent};

use super::{EventPage, PageRequest};
use crate::{Context, RequestError};

/// Lists what happened to the user who makes the request (AU-2).
#[derive(Clone, Debug)]
pub struct ListOwnEvents {
    context: Context,
}

impl ListOwnEvents {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// A page of the events whose subject the user is, as the user sees them.
    pub async fn run(
        &self,
        request: &RequestContext,
        page: PageRequest,
    ) -> Result<EventPage<OwnEvent>, RequestError> {
        let user = &request.signed_in()?.user.id;
        let filter = EventFilter::of_subject(user);
        let page = EventPage::read(&self.context, filter, page).await?;
        Ok(EventPage {
            events: page.events.into_iter().map(|event| event.seen_by(user)).collect(),
            next: page.next,
        })
    }
}
