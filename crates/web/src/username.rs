//! Signing in by a username, as Better Auth's username plugin has it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::Context;
use doorward_application::password::{SignIn, SignInError, SignInInput, SignInName};
use doorward_application::profile::UpdateUser;
use doorward_domain::user::{InvalidUsername, Username};
use doorward_domain::{Actor, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::error::ApiError;
use crate::password::refusal;
use crate::response::{ErrorReply, json};
use crate::session::SessionCookies;
use crate::sign_in::{SignInReply, answer, session_request};
use crate::user::username_codes;
use crate::user::username_codes::{
    INVALID_USERNAME, INVALID_USERNAME_OR_PASSWORD, USERNAME_TOO_LONG, USERNAME_TOO_SHORT,
};
use crate::{AppState, Body, ErrorCode, Module};

/// The endpoints about usernames.
pub(crate) struct UsernameModule;

impl Module for UsernameModule {
    fn id(&self) -> &'static str {
        "username"
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(SignIn::new(context.clone())))
            .app_data(Data::new(UpdateUser::new(context.clone())))
            .service(sign_in_username)
            .service(is_username_available);
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        username_codes::ALL
    }
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignInUsernameBody {
    /// The user's username, whatever its letter case.
    username: String,
    /// The user's password.
    #[schema(format = "password")]
    password: String,
    /// `false`: signed in until the browser closes, and for a day at most.
    #[schema(nullable = false)]
    remember_me: Option<bool>,
    /// Where the client goes next; answered as it is.
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false)]
    callback_url: Option<String>,
}

/// Reads a username. A malformed one has another status here than at sign-up.
fn parse(state: &AppState, raw: &str) -> Result<Username, ApiError> {
    Username::parse(raw, state.context.settings.username.length).map_err(|problem| {
        let code = match problem {
            InvalidUsername::TooShort => USERNAME_TOO_SHORT.with_status(422),
            InvalidUsername::TooLong => USERNAME_TOO_LONG.with_status(422),
            InvalidUsername::Malformed => INVALID_USERNAME.with_status(422),
        };
        code.into()
    })
}

/// Signs a user in by username and password.
#[utoipa::path(tag = "password", request_body = SignInUsernameBody,
    responses((status = 200, description = "Signed in", body = SignInReply),
              (status = 401, description = "Username or password is wrong", body = ErrorReply),
              (status = 403, description = "The address is not verified, or the user is banned", body = ErrorReply),
              (status = 422, description = "That is no username", body = ErrorReply),
              (status = 429, description = "Too many passwords were wrong", body = ErrorReply)))]
#[post("/sign-in/username")]
async fn sign_in_username(
    body: Body<SignInUsernameBody>,
    state: Data<AppState>,
    sign_in: Data<SignIn>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    state.redirects.check_first_login(request.headers())?;
    let Body(body) = body;
    if body.username.is_empty() || body.password.is_empty() {
        return Err(INVALID_USERNAME_OR_PASSWORD.into());
    }
    let cookies = SessionCookies::of(&state, &request);
    let password = Secret::new(body.password);
    let callback = state.redirects.callback(body.callback_url.as_deref())?;
    let input = SignInInput {
        name: SignInName::Username(parse(&state, &body.username)?),
        password: state.password(&password),
        callback: callback.clone(),
        session: session_request(&cookies, body.remember_me),
    };
    match sign_in
        .run(&state.request(&request, Actor::Anonymous), input)
        .await
    {
        Ok(signed_in) => Ok(answer(&state, &cookies, signed_in, callback, body.callback_url)),
        Err(SignInError::InvalidCredentials) => Err(INVALID_USERNAME_OR_PASSWORD.into()),
        Err(error) => refusal(&state.context.settings, error),
    }
}

#[derive(Deserialize, Validate, ToSchema)]
struct UsernameBody {
    /// The name somebody would like.
    username: String,
}

#[derive(Serialize, ToSchema)]
struct AvailableReply {
    /// Whether nobody has it.
    available: bool,
}

/// Whether a username is free.
#[utoipa::path(tag = "user", request_body = UsernameBody,
    responses((status = 200, description = "Yes or no", body = AvailableReply),
              (status = 422, description = "That is no username", body = ErrorReply)))]
#[post("/is-username-available")]
async fn is_username_available(
    body: Body<UsernameBody>,
    state: Data<AppState>,
    request: HttpRequest,
    update: Data<UpdateUser>,
) -> Result<HttpResponse, ApiError> {
    if body.0.username.is_empty() {
        return Err(INVALID_USERNAME.with_status(422).into());
    }
    let username = parse(&state, &body.0.username)?;
    let request = state.request(&request, Actor::Anonymous);
    let available = update.is_available(&request, &username).await?;
    Ok(json(&AvailableReply { available }))
}
