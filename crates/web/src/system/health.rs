use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use doorward_domain::Store;

use crate::connections::Connections;

/// Whether the server wants requests.
pub(crate) struct Readiness {
    store: Arc<dyn Store>,
    connections: Arc<Connections>,
    /// The background work that dies again and again.
    broken: Mutex<BTreeSet<&'static str>>,
}

impl Readiness {
    pub(crate) const fn new(store: Arc<dyn Store>, connections: Arc<Connections>) -> Self {
        Self {
            store,
            connections,
            broken: Mutex::new(BTreeSet::new()),
        }
    }

    /// Notes whether a worker dies again and again.
    pub(crate) fn note(&self, worker: &'static str, is_broken: bool) {
        let mut broken = self.broken();
        if is_broken {
            broken.insert(worker);
        } else {
            broken.remove(worker);
        }
    }

    /// Whether the server does not stop, its workers work, and the store has all that this version needs (RE-15).
    pub(crate) async fn is_ready(&self) -> bool {
        let is_working = !self.connections.is_stopping() && self.broken().is_empty();
        is_working && matches!(self.store.is_up_to_date().await, Ok(true))
    }

    fn broken(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the process runs. Says nothing else (RE-15).
#[utoipa::path(tag = "system", responses((status = 200, description = "It runs")))]
#[get("/healthz")]
pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// Whether the server can serve: database, schema and background work are well, and it is not about to stop.
#[utoipa::path(tag = "system", responses((status = 200, description = "It can"), (status = 503, description = "It cannot")))]
#[get("/readyz")]
pub(crate) async fn readyz(readiness: Data<Readiness>) -> HttpResponse {
    if readiness.is_ready().await {
        HttpResponse::Ok().finish()
    } else {
        HttpResponse::ServiceUnavailable().finish()
    }
}
