//! Audit events: what happened, to whom, and who did it.

mod chain;
mod event;
mod proof;
mod query;
mod repository;
mod view;

pub use chain::{Chain, Flaw, Link, SealedEvent};
pub use event::{AuditEvent, Event, EventKind, Outcome};
pub use proof::EventProof;
pub use query::{EventFilter, EventOrder, EventPosition, EventQuery};
pub use repository::AuditEventRepository;
pub use view::OwnEvent;

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockAuditEventRepository;
