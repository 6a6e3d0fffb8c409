use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use doorward_application::access::{
    AdminCreateUser, AdminCreateUserInput, AdminUpdateUser, ListUsers, RoleInput, SetUserPassword,
};
use doorward_application::settings::Settings;
use doorward_domain::access::permissions;
use doorward_domain::user::{Ban, BanChange, Email, ProfileChange, RoleList, UserChange, UserName};
use doorward_domain::{Secret, UserId, has_control_characters, parse_moment};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::codes::{
    INVALID_ROLE_TYPE, NO_DATA_TO_UPDATE, PASSWORD_CANNOT_BE_UPDATED_VIA_UPDATE_USER,
    USER_ID_CANNOT_BE_UPDATED,
};
use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::fields;
use crate::password::codes::INVALID_EMAIL;
use crate::response::{ErrorReply, StatusReply, json};
use crate::session::extract::AdminSession;
use crate::user::UserReply;
use crate::user::{chosen_username, new_username, picture};
use crate::{AppState, Body, Query, validation};

/// `{"user": …}`
#[derive(Serialize, ToSchema)]
pub(super) struct OneUserReply {
    pub(super) user: UserReply,
}

#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct CreateUserBody {
    /// Where emails reach the user.
    #[schema(format = "email")]
    email: String,
    /// Without one the user has no password.
    #[schema(nullable = false, format = "password")]
    password: Option<String>,
    /// What the user is called.
    #[validate(custom(function = "validation::name"))]
    name: String,
    /// A role, or a list of roles.
    #[schema(value_type = Option<Value>)]
    role: Option<Value>,
    /// Further fields of the user.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// Adds a user. Needs `user:create`, `user:set-role` to give a role, and `user:set-email` to say whether the address is verified.
#[utoipa::path(tag = "access", request_body = CreateUserBody,
    responses((status = 200, description = "Added", body = OneUserReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply)))]
#[post("/admin/create-user")]
pub(super) async fn create_user(
    body: Body<CreateUserBody>,
    caller: AdminSession,
    state: Data<AppState>,
    add: Data<AdminCreateUser>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let settings = &state.context.settings;
    let password = body.password.filter(|text| !text.is_empty()).map(Secret::new);
    let data = body.data.unwrap_or_else(|| Value::Object(Map::new()));
    let data = data.as_object().ok_or_else(|| wrong_type("data"))?;
    let mut more = change_of(data, settings)?;
    more.profile.username = new_username(settings, |name| data.get(name))?;
    if let Some(role) = body.role {
        more.role = Some(roles(&role)?);
    }
    let input = AdminCreateUserInput {
        name: UserName::parse(&body.name).map_err(|_| VALIDATION_ERROR)?,
        email: Email::parse(&body.email).map_err(|_| INVALID_EMAIL)?,
        password: password.as_ref().map(|password| state.password(password)),
        // Name and address have fields of their own.
        more: UserChange { email: None, ..more },
    };
    let user = add.run(caller.request(), input).await?;
    Ok(json(&OneUserReply {
        user: UserReply::new(&user, settings),
    }))
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct GetUserQuery {
    /// Whose id.
    id: String,
}

/// One user. Needs `user:get`.
#[utoipa::path(tag = "access", params(GetUserQuery),
    responses((status = 200, description = "The user", body = UserReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[get("/admin/get-user")]
pub(super) async fn get_user(
    query: Query<GetUserQuery>,
    caller: AdminSession,
    state: Data<AppState>,
    find: Data<ListUsers>,
) -> Result<HttpResponse, ApiError> {
    let user = find
        .get(caller.request(), &UserId::from_stored(query.0.id))
        .await?;
    Ok(json(&UserReply::new(&user, &state.context.settings)))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateUserBody {
    /// Whose id.
    user_id: String,
    /// The fields to change.
    #[schema(value_type = Object)]
    data: Value,
}

/// Changes a user. Needs `user:update`; for roles `user:set-role`, for bans `user:ban`, for the address `user:set-email`, too.
#[utoipa::path(tag = "access", request_body = UpdateUserBody,
    responses((status = 200, description = "The user as they are now", body = UserReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[post("/admin/update-user")]
pub(super) async fn update_user(
    body: Body<UpdateUserBody>,
    caller: AdminSession,
    state: Data<AppState>,
    change: Data<AdminUpdateUser>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let data = body.data.as_object().ok_or_else(|| wrong_type("data"))?;
    change.permit(caller.request(), &permissions::user::UPDATE)?;
    if data.is_empty() {
        return Err(NO_DATA_TO_UPDATE.into());
    }
    let wanted = change_of(data, &state.context.settings)?;
    let user = change
        .run(caller.request(), &UserId::from_stored(body.user_id), wanted)
        .await?;
    Ok(json(&UserReply::new(&user, &state.context.settings)))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetRoleBody {
    /// Whose id.
    user_id: String,
    /// A role, or a list of roles.
    role: Value,
}

/// Gives a user other roles. Needs `user:set-role`.
#[utoipa::path(tag = "access", request_body = SetRoleBody,
    responses((status = 200, description = "The user as they are now", body = OneUserReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[post("/admin/set-role")]
pub(super) async fn set_role(
    body: Body<SetRoleBody>,
    caller: AdminSession,
    state: Data<AppState>,
    change: Data<AdminUpdateUser>,
) -> Result<HttpResponse, ApiError> {
    let input = RoleInput {
        user: UserId::from_stored(body.0.user_id),
        role: roles(&body.0.role).map_err(|_| wrong_type("role"))?,
    };
    let user = change.set_role(caller.request(), input).await?;
    Ok(json(&OneUserReply {
        user: UserReply::new(&user, &state.context.settings),
    }))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetUserPasswordBody {
    /// Their new password.
    #[validate(custom(function = "validation::not_empty"))]
    #[schema(format = "password")]
    new_password: String,
    /// Whose id.
    #[validate(custom(function = "validation::not_empty"))]
    user_id: String,
}

/// Chooses a user's password. Needs `user:set-password`.
#[utoipa::path(tag = "access", request_body = SetUserPasswordBody,
    responses((status = 200, description = "Set", body = StatusReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted, or switched off", body = ErrorReply),
              (status = 404, description = "There is no such user", body = ErrorReply)))]
#[post("/admin/set-user-password")]
pub(super) async fn set_user_password(
    body: Body<SetUserPasswordBody>,
    caller: AdminSession,
    state: Data<AppState>,
    set: Data<SetUserPassword>,
) -> Result<HttpResponse, ApiError> {
    let password = Secret::new(body.0.new_password);
    let user = UserId::from_stored(body.0.user_id);
    set.run(caller.request(), &user, state.password(&password))
        .await?;
    Ok(json(&StatusReply::DONE))
}

pub(super) fn wrong_type(field: &str) -> ApiError {
    VALIDATION_ERROR.with_message(format!("[body.{field}] Invalid input"))
}

/// A role, or a list of roles.
fn roles(value: &Value) -> Result<RoleList, ApiError> {
    let names: Option<Vec<&str>> = match value {
        Value::String(name) => Some(vec![name]),
        Value::Array(names) => names.iter().map(Value::as_str).collect(),
        _ => None,
    };
    RoleList::parse(names.ok_or(INVALID_ROLE_TYPE)?).map_err(|_| INVALID_ROLE_TYPE.into())
}

/// The fields an administrator may write, and no others (AC-3): what else is there is ignored.
fn change_of(data: &Map<String, Value>, settings: &Settings) -> Result<UserChange, ApiError> {
    if data.contains_key("password") {
        return Err(PASSWORD_CANNOT_BE_UPDATED_VIA_UPDATE_USER.into());
    }
    if data.contains_key("id") {
        return Err(USER_ID_CANNOT_BE_UPDATED.into());
    }
    let name = data.get("name").map(|name| {
        let name = name.as_str().and_then(|name| UserName::parse(name).ok());
        name.ok_or_else(|| wrong_type("data.name"))
    });
    let name = name.transpose()?;
    let image = data
        .get("image")
        .map(|image| picture(settings, text(image, "data.image")?));
    let image = image.transpose()?;
    let email = data.get("email").map(|email| {
        let email = email.as_str().and_then(|email| Email::parse(email).ok());
        email.ok_or(INVALID_EMAIL)
    });
    let email = email.transpose()?;
    let email_verified = data
        .get("emailVerified")
        .map(|verified| verified.as_bool().ok_or_else(|| wrong_type("data.emailVerified")));
    let email_verified = email_verified.transpose()?;
    let role = data.get("role").map(roles).transpose()?;
    let ban = ban(data)?;
    let username = chosen_username(settings, |name| data.get(name))?;
    let extra = fields::of_admin(&settings.user_fields, data, settings.security.max_field_length)?;
    Ok(UserChange {
        profile: ProfileChange {
            name,
            image,
            username,
            extra,
        },
        email,
        email_verified,
        role,
        ban,
    })
}

fn ban(data: &Map<String, Value>) -> Result<BanChange, ApiError> {
    let mut change = BanChange::default();
    if let Some(flag) = data.get("banned") {
        change.banned = Some(flag.as_bool().ok_or_else(|| wrong_type("data.banned"))?);
    }
    if let Some(reason) = data.get("banReason") {
        let reason = text(reason, "data.banReason")?;
        let fits =
            |reason: &str| reason.chars().count() <= Ban::REASON_MAX && !has_control_characters(reason);
        if !reason.as_deref().is_none_or(fits) {
            return Err(wrong_type("data.banReason"));
        }
        change.reason = Some(reason);
    }
    if let Some(end) = data.get("banExpires") {
        let wrong = || wrong_type("data.banExpires");
        let end = text(end, "data.banExpires")?.map(|end| parse_moment(&end).ok_or_else(wrong));
        change.expires_at = Some(end.transpose()?);
    }
    Ok(change)
}

/// A text or `null`.
fn text(value: &Value, field: &str) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(wrong_type(field)),
    }
}
