//! Audit events: what happened, to whom, and who did it.

mod event;
mod involvement;
mod repository;

pub use event::{AuditEvent, Event, EventKind, Outcome};
pub use involvement::{EventPosition, Involvement};
pub use repository::AuditEventRepository;

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockAuditEventRepository;
