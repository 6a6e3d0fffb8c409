use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::password::{SignUp, SignUpError, SignUpInput};
use doorward_domain::user::{Email, UserName};
use doorward_domain::{Actor, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::codes::EMAIL_PASSWORD_SIGN_UP_DISABLED;
use crate::body::RawBody;
use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::fields;
use crate::response::{ErrorReply, json};
use crate::session::SessionCookies;
use crate::sign_in::session_request;
use crate::user::UserReply;
use crate::user::codes::USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL;
use crate::user::{new_username, picture, refuse_managed, username_codes};
use crate::{AppState, Body, validation};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignUpBody {
    /// What the user is called; at most 256 characters.
    #[validate(custom(function = "validation::name"))]
    name: String,
    /// Where emails reach the user.
    #[validate(custom(function = "validation::email"))]
    #[schema(format = "email")]
    email: String,
    /// 8 to 128 characters unless configured otherwise.
    #[validate(custom(function = "validation::not_empty"))]
    #[schema(format = "password")]
    password: String,
    /// An http or https URL of a picture.
    #[validate(custom(function = "validation::image"))]
    #[schema(nullable = false)]
    image: Option<String>,
    /// Where the verification link leads in the end.
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false)]
    callback_url: Option<String>,
    /// `false`: signed in until the browser closes, and for a day at most.
    #[schema(nullable = false)]
    remember_me: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct SignUpReply {
    /// The session token; `null` where signing up does not sign in.
    token: Option<String>,
    user: UserReply,
}

/// Registers a user by address and password, and signs them in. With `username.enabled` the body may have a `username` and a
/// `displayUsername`, too.
#[utoipa::path(tag = "password",
    request_body(content((SignUpBody = "application/json"), (SignUpBody = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "Signed up", body = SignUpReply),
              (status = 400, description = "Refused", body = ErrorReply),
              (status = 422, description = "The address is taken", body = ErrorReply)))]
#[post("/sign-up/email")]
pub(super) async fn sign_up_email(
    sent: RawBody,
    body: Body<SignUpBody>,
    state: Data<AppState>,
    sign_up: Data<SignUp>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    state.redirects.check_first_login(request.headers())?;
    let settings = &state.context.settings;
    refuse_managed(settings, &sent, &["role", "banReason", "banExpires"])?;
    let Body(body) = body;
    let cookies = SessionCookies::of(&state, &request);
    let password = Secret::new(body.password);
    let input = SignUpInput {
        name: UserName::parse(&body.name).map_err(|_| VALIDATION_ERROR)?,
        email: Email::parse(&body.email).map_err(|_| VALIDATION_ERROR)?,
        password: state.password(&password),
        image: picture(settings, body.image)?,
        extra: fields::of_new(&settings.user_fields, &sent, settings.security.max_field_length)?,
        username: new_username(settings, |name| sent.get(name))?,
        callback: state.redirects.callback(body.callback_url.as_deref())?,
        session: session_request(&cookies, body.remember_me),
    };
    let signed_up = sign_up
        .run(&state.request(&request, Actor::Anonymous), input)
        .await?;
    if let Some(opened) = &signed_up.opened {
        cookies.open(&signed_up.user, opened);
    }
    let token = signed_up.opened.map(|opened| opened.token.expose().to_owned());
    Ok(json(&SignUpReply {
        token,
        user: UserReply::new(&signed_up.user, settings),
    }))
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Disabled => EMAIL_PASSWORD_SIGN_UP_DISABLED.into(),
            SignUpError::Password(problem) => problem.into(),
            SignUpError::EmailTaken => USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL.into(),
            SignUpError::UsernameTaken => username_codes::USERNAME_IS_ALREADY_TAKEN.into(),
            SignUpError::Rejected(rejection) => rejection.into(),
            SignUpError::Hash(error) => error.into(),
            SignUpError::Store(error) => error.into(),
        }
    }
}
