use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::access::{SetUp, SetUpError, SetUpInput};
use doorward_domain::user::{Email, UserName};
use doorward_domain::{Actor, Secret};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::codes::{INVALID_SET_UP_TOKEN, SET_UP_CLOSED};
use super::users::OneUserReply;
use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::response::{ErrorReply, json};
use crate::user::UserReply;
use crate::user::codes::USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL;
use crate::{AppState, Body, validation};

#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct SetUpBody {
    /// The one-time secret in `admin.setup_token`.
    #[schema(format = "password")]
    token: String,
    /// What the administrator is called.
    #[validate(custom(function = "validation::name"))]
    name: String,
    /// Where emails reach the administrator.
    #[validate(custom(function = "validation::email"))]
    #[schema(format = "email")]
    email: String,
    /// The administrator's password.
    #[validate(custom(function = "validation::not_empty"))]
    #[schema(format = "password")]
    password: String,
}

/// Makes the first administrator, once, for whoever knows the secret the operator configured.
#[utoipa::path(tag = "access", request_body = SetUpBody,
    responses((status = 200, description = "The administrator, who can sign in now", body = OneUserReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 401, description = "It is not the secret", body = ErrorReply),
              (status = 403, description = "No secret is configured, or there is an administrator", body = ErrorReply)))]
#[post("/admin/set-up")]
pub(super) async fn set_up(
    body: Body<SetUpBody>,
    state: Data<AppState>,
    set_up: Data<SetUp>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let password = Secret::new(body.password);
    let input = SetUpInput {
        token: Secret::new(body.token),
        name: UserName::parse(&body.name).map_err(|_| VALIDATION_ERROR)?,
        email: Email::parse(&body.email).map_err(|_| VALIDATION_ERROR)?,
        password: state.password(&password),
    };
    let user = set_up
        .run(&state.request(&request, Actor::Anonymous), input)
        .await?;
    Ok(json(&OneUserReply {
        user: UserReply::new(&user, &state.context.settings),
    }))
}

impl From<SetUpError> for ApiError {
    fn from(error: SetUpError) -> Self {
        match error {
            SetUpError::Closed => SET_UP_CLOSED.into(),
            SetUpError::WrongToken => INVALID_SET_UP_TOKEN.into(),
            SetUpError::Password(problem) => problem.into(),
            SetUpError::EmailTaken => USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL.with_status(400).into(),
            SetUpError::Hash(error) => error.into(),
            SetUpError::Store(error) => error.into(),
        }
    }
}
