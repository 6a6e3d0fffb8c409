use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use doorward_domain::Store;

/// Whether the server wants requests.
pub(crate) struct Readiness {
    store: Arc<dyn Store>,
    draining: AtomicBool,
}

impl Readiness {
    pub(crate) const fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            draining: AtomicBool::new(false),
        }
    }

    /// From now on the server wants no new requests (RE-9).
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}

/// Whether the process runs. Says nothing else (RE-15).
#[utoipa::path(tag = "system", responses((status = 200, description = "It runs")))]
#[get("/healthz")]
pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// Whether the server can serve: the database answers, and it is not about to stop.
#[utoipa::path(tag = "system", responses((status = 200, description = "It can"), (status = 503, description = "It cannot")))]
#[get("/readyz")]
pub(crate) async fn readyz(readiness: Data<Readiness>) -> HttpResponse {
    if readiness.is_draining() || readiness.store.ping().await.is_err() {
        HttpResponse::ServiceUnavailable().finish()
    } else {
        HttpResponse::Ok().finish()
    }
}
