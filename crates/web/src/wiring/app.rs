use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, Error};
use doorward_application::Context;
use doorward_domain::Secret;
use tracing_actix_web::TracingLogger;
use utoipa_actix_web::AppExt;

use super::StartError;
use crate::access::AdminModule;
use crate::account::AccountModule;
use crate::configuration::HttpSettings;
use crate::module::{Module, ModuleConflict, Modules};
use crate::openapi;
use crate::password::PasswordModule;
use crate::profile::ProfileModule;
use crate::request_guard::request_guard;
use crate::session::SessionModule;
use crate::state::AppState;
use crate::system::{Document, Readiness, Reference, SystemModule, healthz, readyz};
use crate::telemetry::RequestSpan;
use crate::username::UsernameModule;
use crate::verification::VerificationModule;

/// A server put together: what every worker thread makes its application from.
#[derive(Clone)]
pub struct Doorward {
    state: Data<AppState>,
    modules: Modules,
    readiness: Data<Readiness>,
    base_path: String,
    document: Document,
}

impl Doorward {
    /// A server of the shipped modules and these, in this context.
    pub fn new(
        context: &Context,
        http: &HttpSettings,
        secret: &Secret<String>,
        more: impl IntoIterator<Item = Arc<dyn Module>>,
    ) -> Result<Self, StartError> {
        let base_path = context.settings.base_path.clone();
        let document = Document::default();
        let mut modules = shipped_modules(context, &base_path, &document)?;
        for module in more {
            modules.add(module)?;
        }
        let described = openapi::document(&base_path, &modules)?;
        let state = AppState::new(context.clone(), http, secret, &described)?;
        document.get_or_init(|| openapi::to_text(&described));
        Ok(Self {
            state: Data::new(state),
            modules,
            readiness: Data::new(Readiness::new(context.ports.store.clone())),
            base_path,
            document,
        })
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
        let modules = self.modules.clone();
        let scope = utoipa_actix_web::scope(&*self.base_path)
            .configure(move |config: &mut _| modules.register(config));
        App::new()
            .wrap(from_fn(request_guard))
            .wrap(TracingLogger::<RequestSpan>::new())
            .app_data(self.state.clone())
            .app_data(self.readiness.clone())
            .into_utoipa_app()
            .service(scope)
            .service(healthz)
            .service(readyz)
            .into_app()
    }

    /// The API description it serves.
    #[must_use]
    pub fn document(&self) -> &str {
        self.document.get().map_or("", String::as_str)
    }

    pub(super) const fn modules(&self) -> &Modules {
        &self.modules
    }

    pub(super) fn readiness(&self) -> Data<Readiness> {
        self.readiness.clone()
    }

    pub(super) fn context(&self) -> &Context {
        &self.state.context
    }
}

fn shipped_modules(
    context: &Context,
    base_path: &str,
    document: &Document,
) -> Result<Modules, ModuleConflict> {
    let mut modules = Modules::default();
    modules.add(Arc::new(PasswordModule::new(context)))?;
    modules.add(Arc::new(SessionModule::new(context)))?;
    modules.add(Arc::new(ProfileModule::new(context)))?;
    modules.add(Arc::new(VerificationModule::new(context)))?;
    modules.add(Arc::new(AccountModule::new(context)))?;
    if context.settings.admin.enabled {
        modules.add(Arc::new(AdminModule::new(context)))?;
    }
    if context.settings.username.enabled {
        modules.add(Arc::new(UsernameModule::new(context)))?;
    }
    modules.add(Arc::new(SystemModule::new(Reference::new(
        base_path,
        document.clone(),
    ))))?;
    Ok(modules)
}
