use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use doorward_application::access::ExportUser;
use doorward_domain::UserId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::error::ApiError;
use crate::export::{UserExportReply, attachment};
use crate::response::ErrorReply;
use crate::session::extract::AdminSession;
use crate::{AppState, Query};

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// Whose id; of a deleted user, too.
    user_id: String,
}

/// Everything held about a user, as `/export-user` answers it. Needs `user:export`.
#[utoipa::path(tag = "access", params(ExportQuery),
    responses((status = 200, description = "Everything held about the user", body = UserExportReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[get("/admin/export-user")]
pub(super) async fn export_user(
    query: Query<ExportQuery>,
    caller: AdminSession,
    state: Data<AppState>,
    export: Data<ExportUser>,
) -> Result<HttpResponse, ApiError> {
    let user = UserId::from_stored(query.0.user_id);
    let export = export.run(caller.request(), &user).await?;
    Ok(attachment(export, &state.context.settings))
}
