//! Everything held about a user, as one JSON document.

mod reply;
mod stream;

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use doorward_application::Context;
use doorward_application::export::{ExportError, ExportOwnData};
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use reply::UserExportReply;
pub(crate) use stream::{attachment, chunks};

use crate::error::ApiError;
use crate::response::ErrorReply;
use crate::session::codes::{IMPERSONATION_FORBIDS, SESSION_NOT_FRESH};
use crate::session::extract::CurrentSession;
use crate::{AppState, Module, RateLimit};

/// The export of the own data.
pub(crate) struct ExportModule;

impl Module for ExportModule {
    fn id(&self) -> &'static str {
        "export"
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        // One reads all that is held, and opens every email that waits.
        const LIMITS: &[RateLimit] = &[RateLimit::path("/export-user", 3, Duration::from_mins(1))];
        LIMITS
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(ExportOwnData::new(context.clone())))
            .service(export_user);
    }
}

/// Everything held about the caller. Needs a fresh session, and is refused to an administrator who impersonates the user. Hashes
/// and tokens are left out, and so is what an audit event says of somebody else. An answer that breaks off is not whole.
#[utoipa::path(tag = "export",
    responses((status = 200, description = "Everything held about the caller", body = UserExportReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply),
              (status = 403, description = "The session is not fresh, or impersonates the user", body = ErrorReply)))]
#[get("/export-user")]
async fn export_user(
    caller: CurrentSession,
    state: Data<AppState>,
    export: Data<ExportOwnData>,
) -> Result<HttpResponse, ApiError> {
    let export = export.run(caller.request()).await?;
    Ok(attachment(export, &state.context.settings))
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Impersonated => IMPERSONATION_FORBIDS.into(),
            ExportError::NotFresh => SESSION_NOT_FRESH.into(),
            ExportError::NotSignedIn(error) => error.into(),
            ExportError::Store(error) => error.into(),
        }
    }
}
