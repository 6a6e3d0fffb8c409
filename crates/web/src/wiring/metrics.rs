//! The page that monitoring reads, on a listener of its own.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::Data;
use actix_web::{App, HttpResponse, HttpServer, get};
use doorward_adapters::cache::MemorySessionCache;
use doorward_adapters::metrics::{
    BreachChecks, CONTENT_TYPE as TEXT, Readings, RequestMetrics, ServerMetrics,
};
use doorward_adapters::password::PooledHasher;
use doorward_adapters::sea_orm::PoolWatch;
use doorward_adapters::system::ProcessUsage;
use doorward_application::Context;
use doorward_domain::email::Backlog;

use crate::connections::Connections;
use crate::measure::RequestMeter;

/// How long the database may take to say what waits in the outbox.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a client may take to send its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Most connections at a time: monitoring has few, and others must not use up the files of the process.
pub(super) const CONNECTIONS: u32 = 16;

/// What is looked at whenever the page is read, where there is such a thing.
#[derive(Default)]
pub struct Watched {
    /// The hashing threads.
    pub hasher: Option<Arc<PooledHasher>>,
    /// The connections to the database.
    pub pool: Option<PoolWatch>,
    /// The session cache.
    pub session_cache: Option<Arc<MemorySessionCache>>,
}

/// Shows what a server counted.
pub struct MetricsPage {
    metrics: Arc<ServerMetrics>,
    watched: Watched,
    context: Context,
    connections: Arc<Connections>,
}

impl MetricsPage {
    pub(super) const fn new(
        metrics: Arc<ServerMetrics>,
        watched: Watched,
        context: Context,
        connections: Arc<Connections>,
    ) -> Self {
        Self {
            metrics,
            watched,
            context,
            connections,
        }
    }

    /// The page as it is now. A database that does not answer is told of, and keeps nobody waiting.
    pub async fn text(&self) -> String {
        let Watched {
            hasher,
            pool,
            session_cache,
        } = &self.watched;
        self.metrics.text(Readings {
            now: self.context.now(),
            connections: u64::try_from(self.connections.count()).unwrap_or(u64::MAX),
            hashing: hasher.as_ref().map(|hasher| hasher.load()),
            pool: pool.as_ref().and_then(PoolWatch::load),
            session_cache: session_cache.as_ref().map(|cache| cache.load()),
            outbox: self.backlog().await,
            breach_checks: self.breach_checks(),
            process: ProcessUsage::now(),
        })
    }

    async fn backlog(&self) -> Option<Backlog> {
        let asked = self.context.store().outbox();
        let answer = tokio::time::timeout(PATIENCE, asked.backlog()).await;
        answer.ok()?.ok()
    }

    fn breach_checks(&self) -> Option<BreachChecks> {
        self.context.ports.breached_passwords.as_ref()?;
        let counts = &self.context.breach_checks;
        Some(BreachChecks {
            unknown: counts.unknown(),
            compromised: counts.compromised(),
            unavailable: counts.unavailable(),
        })
    }
}

impl RequestMeter for RequestMetrics {
    fn begin(&self) {
        self.begin();
    }

    fn place(&self, pattern: &str) -> Option<usize> {
        self.place(pattern)
    }

    fn end(&self, place: Option<usize>, method: &str, status: Option<u16>, took: Duration) {
        self.end(place, method, status, took);
    }
}

/// Serves the page at `/metrics`, and nothing else.
pub(super) fn serve(page: Arc<MetricsPage>, listener: TcpListener) -> io::Result<Server> {
    let page = Data::from(page);
    let server = HttpServer::new(move || App::new().app_data(page.clone()).service(show))
        .workers(1)
        .max_connections(usize::try_from(CONNECTIONS).unwrap_or(usize::MAX))
        .client_request_timeout(HEAD_TIMEOUT)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

#[get("/metrics")]
async fn show(page: Data<MetricsPage>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, TEXT))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(page.text().await)
}

#[cfg(test)]
mod tests {
    use doorward_application::settings::{Preset, Settings};
    use doorward_domain::StoreError;
    use doorward_domain::redirect::Origin;
    use doorward_testing::{Mocks, samples};

    use super::*;

    type Answer = fn() -> Result<Backlog, StoreError>;

    /// The page of a server whose database answers that.
    async fn page(answer: Answer) -> String {
        let mut mocks = Mocks::default();
        mocks.store.outbox.expect_backlog().once().returning(answer);
        let settings = Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned());
        let (context, _) = mocks.context(settings);
        let metrics = Arc::new(ServerMetrics::new("test", context.now()));
        MetricsPage::new(metrics, Watched::default(), context, Arc::default())
            .text()
            .await
    }

    #[tokio::test]
    async fn a_database_that_fails_is_told_of_on_a_page_that_is_there() {
        let text = page(|| Err(StoreError::Unavailable("gone".into()))).await;
        assert!(text.contains("\ndoorward_database_up 0"), "{text}");
        assert!(!text.contains("doorward_outbox"), "{text}");
        assert!(text.contains("\ndoorward_sign_ins_total{"), "{text}");
    }

    #[tokio::test]
    async fn a_database_that_answers_is_told_of_with_what_waits() {
        let text = page(|| {
            Ok(Backlog {
                waiting: 2,
                oldest: Some(samples::now()),
            })
        });
        let text = text.await;
        assert!(text.contains("\ndoorward_database_up 1"), "{text}");
        assert!(text.contains("\ndoorward_outbox_emails 2"), "{text}");
    }

    #[actix_web::test]
    async fn the_page_is_at_one_path_for_one_method() {
        let (ports, ..) = doorward_testing::in_memory_ports();
        let settings = Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned());
        let context = Context::new(ports, settings);
        let metrics = Arc::new(ServerMetrics::new("test", context.now()));
        let page = MetricsPage::new(metrics, Watched::default(), context, Arc::default());
        let app = App::new().app_data(Data::new(page)).service(show);
        let app = actix_web::test::init_service(app).await;
        for (method, path, status) in [
            ("GET", "/metrics", 200),
            ("POST", "/metrics", 404),
            ("GET", "/metrics/", 404),
            ("GET", "/", 404),
        ] {
            let request = actix_web::test::TestRequest::with_uri(path).method(method.parse().unwrap());
            let answer = actix_web::test::call_service(&app, request.to_request()).await;
            assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        }
    }
}
