use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::profile::{UpdateUser, UpdateUserError};
use doorward_application::settings::Settings;
use doorward_domain::user::{ProfileChange, UserName};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use validator::Validate;

use super::codes::EMAIL_CAN_NOT_BE_UPDATED;
use crate::body::{RawBody, given};
use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::fields;
use crate::response::{ErrorReply, StatusReply, json};
use crate::session::SessionCookies;
use crate::session::codes::IMPERSONATION_FORBIDS;
use crate::session::extract::{CachedSession, EvenImpersonated};
use crate::user::{chosen_username, picture, refuse_managed, username_codes};
use crate::{AppState, Body, validation};

#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct UpdateUserBody {
    /// The new name.
    #[validate(custom(function = "validation::name"))]
    #[schema(nullable = false)]
    name: Option<String>,
    /// The new picture; `null` removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false)]
    image: Option<Option<String>>,
    /// Refused: the address is changed by `/change-email`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Value, required = false, deprecated)]
    email: Option<Value>,
}

impl UpdateUserBody {
    fn change(self, settings: &Settings) -> Result<ProfileChange, ApiError> {
        let image = self.image.map(|image| picture(settings, image)).transpose()?;
        let name = self.name.map(|name| UserName::parse(&name)).transpose();
        let name = name.map_err(|_| VALIDATION_ERROR)?;
        Ok(ProfileChange {
            name,
            image,
            username: None,
            extra: BTreeMap::new(),
        })
    }
}

/// Changes the caller's name or picture.
#[utoipa::path(tag = "user", request_body = UpdateUserBody,
    responses((status = 200, description = "Changed", body = StatusReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply)))]
#[post("/update-user")]
pub(super) async fn update_user(
    sent: RawBody,
    body: Body<UpdateUserBody>,
    caller: EvenImpersonated<CachedSession>,
    state: Data<AppState>,
    update: Data<UpdateUser>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    if body
        .0
        .email
        .as_ref()
        .is_some_and(|email| *email != Value::Null && *email != "")
    {
        return Err(EMAIL_CAN_NOT_BE_UPDATED.into());
    }
    let settings = &state.context.settings;
    refuse_managed(settings, &sent, &["role", "banned", "banReason", "banExpires"])?;
    let change = ProfileChange {
        extra: fields::of_update(&settings.user_fields, &sent, settings.security.max_field_length)?,
        username: chosen_username(settings, |name| sent.get(name))?,
        ..body.0.change(settings)?
    };
    // Name and picture may be changed by an administrator who impersonates the user; what they sign in by may not (AC-6).
    if change.username.is_some() && !state.context.has_own_rights(&caller) {
        return Err(IMPERSONATION_FORBIDS.into());
    }
    if change.is_empty() {
        return Err(ApiError::uncoded("No fields to update"));
    }
    let user = update.run(caller.request(), &change).await?;
    SessionCookies::of(&state, &request).renew_cached(&user, &caller);
    Ok(json(&StatusReply::DONE))
}

impl From<UpdateUserError> for ApiError {
    fn from(error: UpdateUserError) -> Self {
        match error {
            UpdateUserError::UsernameTaken => username_codes::USERNAME_IS_ALREADY_TAKEN.into(),
            UpdateUserError::NotSignedIn(error) => error.into(),
            UpdateUserError::Store(error) => error.into(),
        }
    }
}
