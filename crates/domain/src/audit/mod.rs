//! Audit events: what happened, to whom, and who did it.

mod chain;
mod event;
mod involvement;
mod proof;
mod query;
mod repository;
mod signed;
mod view;

pub use chain::{Chain, Flaw, Link, SealedEvent};
pub use event::{AuditEvent, Event, EventKind, Outcome};
pub use involvement::{EventPosition, Involvement};
pub use proof::EventProof;
pub use query::{EventFilter, EventOrder, EventQuery};
pub use repository::AuditEventRepository;
pub use view::OwnEvent;

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockAuditEventRepository;
