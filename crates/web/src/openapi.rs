//! The API description, made from the routes themselves.

use actix_web::App;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa_actix_web::AppExt;

use crate::module::Modules;
use crate::system::{healthz, readyz};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Doorward",
        description = "User management over Better Auth's protocol: sign up, sign in, sessions, verification, passwords.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "password", description = "Signing up, signing in and looking after the password"),
        (name = "session", description = "Who is signed in, and where"),
        (name = "user", description = "The own name, picture and address; the own end"),
        (name = "verification", description = "Showing that an address is one's own"),
        (name = "account", description = "Ways to sign in"),
        (name = "access", description = "Looking after other people's users, for those who may"),
        (name = "system", description = "The server about itself"),
    ),
)]
struct Frame;

/// Describes what these modules serve below `base_path`.
pub(crate) fn document(base_path: &str, modules: &Modules) -> OpenApi {
    let scope = utoipa_actix_web::scope(base_path).configure(|config: &mut _| modules.register(config));
    let (_, mut document) = App::new()
        .into_utoipa_app()
        .openapi(Frame::openapi())
        .service(scope)
        .service(healthz)
        .service(readyz)
        .split_for_parts();
    let cookie =
        ApiKeyValue::with_description("better-auth.session_token", "Set by signing up and signing in");
    if let Some(components) = &mut document.components {
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
    document
}

/// The document as text.
pub(crate) fn to_text(document: &OpenApi) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
