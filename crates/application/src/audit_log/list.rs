use doorward_domain::RequestContext;
use doorward_domain::access::permissions;
use doorward_domain::audit::{AuditEvent, Event, EventFilter, EventKind};

use super::{EventPage, PageRequest};
use crate::Context;
use crate::access::{AdminError, require};
use crate::audit::record;

/// Lists audit events for administrators and operators.
#[derive(Clone, Debug)]
pub struct ListEvents {
    context: Context,
}

impl ListEvents {
    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// A page of the audit log. That it was read is recorded before it is answered, and is not on that page.
    pub async fn run(
        &self,
        request: &RequestContext,
        filter: EventFilter,
        page: PageRequest,
    ) -> Result<EventPage<AuditEvent>, AdminError> {
        require(&self.context, request, &permissions::audit_log::READ)?;
        let reading = Event {
            subject: filter.subject.clone(),
            ..Event::without_subject(EventKind::EventsListed)
        };
        let page = EventPage::read(&self.context, filter, page).await?;
        record(&self.context, request, reading).await?;
        Ok(page)
    }

    /// The same for an operator who watches, whose first page was recorded.
    pub async fn go_on(
        &self,
        request: &RequestContext,
        filter: EventFilter,
        page: PageRequest,
    ) -> Result<EventPage<AuditEvent>, AdminError> {
        require(&self.context, request, &permissions::audit_log::READ)?;
        Ok(EventPage::read(&self.context, filter, page).await?)
    }
}
