use std::time::Duration;

use async_trait::async_trait;
use doorward_domain::{BoxError, RequestContext};

/// Work that is done in the background, again and again, for as long as a server runs.
///
/// Every server does it: where several share a database, what must be done once is claimed in a row first.
#[async_trait]
pub trait Worker: Send + Sync {
    /// Unique name. Audit events that the work records have it as the name of their actor.
    fn name(&self) -> &'static str;

    /// How long it rests when there is nothing left to do, or when it failed.
    fn pause(&self) -> Duration;

    /// Does a part of it, as the system. A server that stops waits for the part, so keep it short. An error is logged.
    async fn run(&self, request: &RequestContext) -> Result<Progress, BoxError>;
}

/// Whether there may be more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The next part is done at once.
    More,
    /// Nothing is left for now.
    Done,
}
