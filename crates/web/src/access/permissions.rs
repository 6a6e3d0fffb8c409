use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use doorward_application::access::{CheckPermission, ExplainDecision};
use doorward_domain::UserId;
use doorward_domain::access::{Decision, Denial, Grant, Permission};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::users::wrong_type;
use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::response::{ErrorReply, json};
use crate::session::extract::AdminSession;
use crate::{Body, Query};

#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct HasPermissionBody {
    /// Actions by resource: `{"invoice": ["read", "approve"]}`.
    #[schema(value_type = Option<Object>)]
    permissions: Option<Value>,
    /// The former name; not read.
    #[schema(value_type = Option<Object>, deprecated)]
    permission: Option<Value>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct HasPermissionReply {
    /// Always `null`.
    error: Option<String>,
    /// Whether one role of the caller permits all that was asked for.
    success: bool,
}

/// Whether the caller may do all of this.
#[utoipa::path(tag = "access", request_body = HasPermissionBody,
    responses((status = 200, description = "Yes or no", body = HasPermissionReply),
              (status = 400, description = "Nothing was asked", body = ErrorReply),
              (status = 401, description = "Nobody is signed in")))]
#[post("/admin/has-permission")]
pub(super) async fn has_permission(
    body: Body<HasPermissionBody>,
    caller: AdminSession,
    ask: Data<CheckPermission>,
) -> Result<HttpResponse, ApiError> {
    let Some(asked) = body.0.permissions else {
        return Err(if body.0.permission.is_some() {
            ApiError::uncoded("invalid permission check. no permission(s) were passed.")
        } else {
            VALIDATION_ERROR.with_message("[body] Invalid input")
        });
    };
    // A name that cannot be declared is permitted to nobody.
    let wanted = wanted(&asked)?;
    let success = wanted.is_some_and(|wanted| ask.run(caller.request(), &wanted));
    Ok(json(&HasPermissionReply { error: None, success }))
}

fn wanted(asked: &Value) -> Result<Option<Vec<Permission>>, ApiError> {
    let mut wanted = Vec::new();
    for (resource, actions) in asked.as_object().ok_or_else(|| wrong_type("permissions"))? {
        for action in actions.as_array().ok_or_else(|| wrong_type("permissions"))? {
            let action = action.as_str().ok_or_else(|| wrong_type("permissions"))?;
            match Permission::named(resource, action) {
                Ok(permission) => wanted.push(permission),
                Err(_) => return Ok(None),
            }
        }
    }
    Ok(Some(wanted))
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ExplainQuery {
    /// Whose id; of a deleted user, too.
    user_id: String,
    /// The permission, such as `invoice:approve`.
    permission: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExplainReply {
    /// Whether the user may do it.
    permitted: bool,
    /// What decides: `role` or `listed` if they may; `deleted`, `banned`, `undeclared` or `missing` if not.
    because: &'static str,
    /// The role that grants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<String>,
    /// The roles the user has, if none of them grants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    roles: Option<Vec<String>>,
    /// The roles that would grant it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    granted_by: Option<Vec<String>>,
    /// The permission most like one that is not declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    nearest: Option<String>,
}

impl From<Decision> for ExplainReply {
    fn from(decision: Decision) -> Self {
        let mut reply = Self {
            permitted: matches!(decision, Decision::Granted(_)),
            because: "listed",
            role: None,
            roles: None,
            granted_by: None,
            nearest: None,
        };
        match decision {
            Decision::Granted(Grant::Listed) => {}
            Decision::Granted(Grant::Role(role)) => {
                reply.because = "role";
                reply.role = Some(role);
            }
            Decision::Denied(Denial::Deleted) => reply.because = "deleted",
            Decision::Denied(Denial::Banned) => reply.because = "banned",
            Decision::Denied(Denial::Undeclared { nearest }) => {
                reply.because = "undeclared";
                reply.nearest = Some(nearest.to_string());
            }
            Decision::Denied(Denial::Missing { roles, granting }) => {
                reply.because = "missing";
                reply.roles = Some(roles);
                reply.granted_by = Some(granting);
            }
        }
        reply
    }
}

/// Why a user may do something or may not. Needs `user:get`.
#[utoipa::path(tag = "access", params(ExplainQuery),
    responses((status = 200, description = "Yes or no, and why", body = ExplainReply),
              (status = 400, description = "That is no permission", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[get("/admin/explain")]
pub(super) async fn explain(
    query: Query<ExplainQuery>,
    caller: AdminSession,
    explain: Data<ExplainDecision>,
) -> Result<HttpResponse, ApiError> {
    let permission = Permission::parse(&query.0.permission)
        .map_err(|error| VALIDATION_ERROR.with_message(format!("[query.permission] {error}")))?;
    let user = UserId::from_stored(query.0.user_id);
    let explained = explain.run(caller.request(), &user, &permission).await?;
    Ok(json(&ExplainReply::from(explained.decision)))
}
