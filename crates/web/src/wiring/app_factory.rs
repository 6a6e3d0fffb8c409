use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, Error};
use doorward_adapters::metrics::ServerMetrics;
use doorward_application::{Context, Worker};
use doorward_domain::Keyring;
use tracing_actix_web::TracingLogger;
use utoipa_actix_web::AppExt;

use super::StartError;
use super::metrics::{MetricsPage, Watched};
use super::workers::MAIL;
use crate::configuration::{HttpSettings, validate_app};
use crate::connections::Connections;
use crate::module::Modules;
use crate::openapi;
use crate::request_guard::request_guard;
use crate::state::AppState;
use crate::system::{Document, Readiness, healthz, readyz};
use crate::telemetry::RequestSpan;

/// A server put together: what every worker thread makes its application from.
#[derive(Clone)]
pub struct AppFactory {
    state: Data<AppState>,
    modules: Modules,
    workers: Vec<Arc<dyn Worker>>,
    readiness: Data<Readiness>,
    document: Data<Document>,
    metrics: Option<Arc<MetricsPage>>,
}

impl AppFactory {
    /// A server of these modules, in this context. Settings that contradict themselves or endanger users are refused.
    pub fn new(
        context: &Context,
        http: &HttpSettings,
        keys: &Keyring,
        modules: Modules,
    ) -> Result<Self, StartError> {
        let settings = &context.settings;
        validate_app(settings, http, keys)?;
        let described = openapi::document(context, &modules)?;
        let workers = modules.workers(context)?;
        let limits: Vec<_> = modules
            .iter()
            .flat_map(|module| module.rate_limits().iter().copied())
            .collect();
        let state = AppState::new(context.clone(), http, keys, &described, &limits)?;
        let readiness = Readiness::new(context.ports.store.clone(), state.connections.clone());
        Ok(Self {
            state: Data::new(state),
            modules,
            workers,
            readiness: Data::new(readiness),
            document: Data::new(Document(openapi::to_text(&described))),
            metrics: None,
        })
    }

    /// The same server, whose requests and workers are counted there. Its use-cases count what they do if the same is among their
    /// ports.
    #[must_use]
    pub fn measured(self, metrics: Arc<ServerMetrics>, watched: Watched) -> Self {
        let patterns = self.state.routes().patterns().map(str::to_owned);
        let meter = metrics.serve(patterns);
        self.state.meter.get_or_init(|| meter);
        let workers = self.workers.iter().map(|worker| worker.name());
        metrics.watch(workers.chain([MAIL]));
        let page = MetricsPage::new(metrics, watched, self.context().clone(), self.connections());
        Self {
            metrics: Some(Arc::new(page)),
            ..self
        }
    }

    /// The page that shows what is counted, if anything is.
    #[must_use]
    pub fn metrics(&self) -> Option<Arc<MetricsPage>> {
        self.metrics.clone()
    }

    /// The application of one worker thread.
    pub fn app(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let (modules, context) = (self.modules.clone(), self.context().clone());
        let base_path = context.settings.base_path.clone();
        let scope = utoipa_actix_web::scope(&*base_path)
            .configure(move |config: &mut _| modules.register(&context, config));
        App::new()
            .wrap(from_fn(request_guard))
            .wrap(TracingLogger::<RequestSpan>::new())
            .app_data(self.state.clone())
            .app_data(self.readiness.clone())
            .app_data(self.document.clone())
            .into_utoipa_app()
            .service(scope)
            .service(healthz)
            .service(readyz)
            .into_app()
    }

    /// The API description it serves.
    #[must_use]
    pub fn document(&self) -> &str {
        &self.document.0
    }

    pub(super) fn readiness(&self) -> Data<Readiness> {
        self.readiness.clone()
    }

    pub(super) fn connections(&self) -> Arc<Connections> {
        self.state.connections.clone()
    }

    pub(super) fn context(&self) -> &Context {
        &self.state.context
    }

    pub(super) fn workers(&self) -> Vec<Arc<dyn Worker>> {
        self.workers.clone()
    }
}
