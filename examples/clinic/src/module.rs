//! The feature: what it brings, in one list.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use doorward_application::hooks::Hooks;
use doorward_application::{Context, Worker};
use doorward_domain::access::Permission;
use doorward_domain::audit::EventKind;
use doorward_migration::MigrationTrait;
use doorward_web::{ErrorCode, Module, RateLimit};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::discharge::{DISCHARGED, Discharge};
use crate::hook::ReleasePatients;
use crate::patient::Patients;
use crate::store::SeaPatients;
use crate::table::MakePatients;
use crate::worker::ForgetPatients;
use crate::{email, permission, routes};

pub(crate) struct Clinic;

impl Module for Clinic {
    fn id(&self) -> &'static str {
        "clinic"
    }

    fn permissions(&self) -> Vec<Permission> {
        permission::patient::ALL.to_vec()
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        routes::ALL
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        const LIMITS: &[RateLimit] = &[RateLimit::path("/clinic/patients", 30, Duration::from_mins(1))];
        LIMITS
    }

    fn emails(&self) -> &'static [&'static str] {
        &[email::DISCHARGE]
    }

    fn events(&self) -> &'static [EventKind] {
        &[DISCHARGED]
    }

    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(MakePatients)]
    }

    fn hooks(&self, _: &Context) -> Hooks {
        let patients = Arc::new(SeaPatients);
        let mut hooks = Hooks::default();
        hooks.deletion.push(Arc::new(ReleasePatients { patients }));
        hooks
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        let patients: Arc<dyn Patients> = Arc::new(SeaPatients);
        let discharge = Discharge::new(context.clone(), patients.clone());
        config
            .app_data(Data::new(patients))
            .app_data(Data::new(discharge))
            .service(routes::admit)
            .service(routes::discharge);
    }

    fn workers(&self, context: &Context) -> Vec<Arc<dyn Worker>> {
        vec![Arc::new(ForgetPatients {
            context: context.clone(),
            patients: Arc::new(SeaPatients),
        })]
    }
}
