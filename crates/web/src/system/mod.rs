//! The server about itself: health, errors, API reference.

mod health;
mod reference;

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use doorward_application::purge_expired::PurgeExpired;
use doorward_application::{Context, Worker};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

pub(crate) use health::{Readiness, healthz, readyz};
pub(crate) use reference::Document;
use reference::Reference;

use crate::response::{json, redirect};
use crate::{ApiError, Module, Query, RateLimit};

/// `/ok`, `/error` and the API reference.
pub(crate) struct SystemModule;

impl Module for SystemModule {
    fn id(&self) -> &'static str {
        "system"
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        const LIMITS: &[RateLimit] = &[
            RateLimit::unlimited("/docs"),
            RateLimit::unlimited("/docs/{asset}"),
            RateLimit::unlimited("/reference"),
            RateLimit::unlimited("/open-api/generate-schema"),
        ];
        LIMITS
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(Reference::new(&context.settings.base_path)))
            .service(ok)
            .service(error)
            .service(reference::docs)
            .service(reference::reference_page)
            .service(reference::asset)
            .service(reference::schema);
    }

    fn workers(&self, context: &Context) -> Vec<Arc<dyn Worker>> {
        vec![Arc::new(PurgeExpired::new(context.clone()))]
    }
}

#[derive(Serialize, ToSchema)]
struct OkReply {
    ok: bool,
}

/// Says that the server is up.
#[utoipa::path(tag = "system", responses((status = 200, description = "It is", body = OkReply)))]
#[get("/ok")]
async fn ok() -> HttpResponse {
    json(&OkReply { ok: true })
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
struct ErrorQuery {
    /// What went wrong, as a code.
    #[schema(nullable = false)]
    error: Option<String>,
    /// What went wrong, in words.
    #[schema(nullable = false)]
    error_description: Option<String>,
}

/// Where a failed redirect ends: goes on to the application's own page at `/`, with the code.
#[utoipa::path(tag = "system", params(ErrorQuery), responses((status = 302, description = "To `/?error=CODE`")))]
#[get("/error")]
async fn error(query: Query<ErrorQuery>) -> Result<HttpResponse, ApiError> {
    let is_code = |code: &String| {
        !code.is_empty()
            && code
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"'_-".contains(&byte))
    };
    let code = query
        .0
        .error
        .filter(is_code)
        .unwrap_or_else(|| "UNKNOWN".to_owned());
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("error", &code);
    if let Some(description) = query.0.error_description.filter(|text| !text.is_empty()) {
        parameters.append_pair("error_description", &description);
    }
    Ok(redirect(&format!("/?{}", parameters.finish())))
}
