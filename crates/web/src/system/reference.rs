//! The interactive API reference: Swagger UI out of the binary, with no request to any other host.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use utoipa_swagger_ui::Config;

use crate::ApiError;
use crate::error::codes::NOT_FOUND;
use crate::response::ErrorReply;

const PAGE: &str = include_str!("reference.html");
const START: &str = include_str!("reference.js");
const ASSETS: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/// Swagger UI styles elements by itself, hence inline styles; scripts come from files only (HD-1).
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The text of the API description.
pub(crate) struct Document(pub(crate) String);

/// The page that shows it.
pub(crate) struct Reference {
    page: String,
    assets: Arc<Config<'static>>,
}

impl Reference {
    /// A reference for endpoints below `base_path`.
    pub(crate) fn new(base_path: &str) -> Self {
        Self {
            page: PAGE.replace("{base}", base_path),
            assets: Arc::new(Config::default()),
        }
    }

    fn page(&self) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ))
            .body(self.page.clone())
    }
}

/// The API reference, as a page.
#[utoipa::path(tag = "system", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
#[get("/docs")]
pub(super) async fn docs(reference: Data<Reference>) -> HttpResponse {
    reference.page()
}

/// The API reference, where Better Auth has it.
#[utoipa::path(tag = "system", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
#[get("/reference")]
pub(super) async fn reference_page(reference: Data<Reference>) -> HttpResponse {
    reference.page()
}

/// What the page is made of.
#[utoipa::path(tag = "system", params(("asset" = String, Path, description = "Name of the file")),
    responses((status = 200, description = "A file"), (status = 404, description = "No such file", body = ErrorReply)))]
#[get("/docs/{asset}")]
pub(super) async fn asset(name: Path<String>, reference: Data<Reference>) -> Result<HttpResponse, ApiError> {
    let (kind, bytes) = if *name == "start.js" {
        (
            "text/javascript; charset=utf-8".to_owned(),
            START.as_bytes().to_vec(),
        )
    } else if ASSETS.contains(&name.as_str()) {
        let found = utoipa_swagger_ui::serve(&name, reference.assets.clone())
            .ok()
            .flatten();
        let file = found.ok_or(NOT_FOUND)?;
        (file.content_type, file.bytes.into_owned())
    } else {
        return Err(NOT_FOUND.into());
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(bytes))
}

/// The API description: OpenAPI 3.1.
#[utoipa::path(tag = "system", responses((status = 200, description = "The document")))]
#[get("/open-api/generate-schema")]
pub(super) async fn schema(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(document.0.clone())
}
