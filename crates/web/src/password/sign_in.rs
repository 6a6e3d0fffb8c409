use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::password::{SignIn, SignInInput, SignInName};
use doorward_domain::user::Email;
use doorward_domain::{Actor, Secret};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::codes::INVALID_EMAIL;
use super::refusal;
use crate::error::ApiError;
use crate::response::ErrorReply;
use crate::session::SessionCookies;
use crate::sign_in::{SignInReply, answer, session_request};
use crate::{AppState, Body};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignInBody {
    /// The address the user signed up with.
    #[schema(format = "email")]
    email: String,
    /// The user's password.
    #[schema(format = "password")]
    password: String,
    /// Where the client goes next; answered as it is.
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false)]
    callback_url: Option<String>,
    /// `false`: signed in until the browser closes, and for a day at most.
    #[schema(nullable = false)]
    remember_me: Option<bool>,
}

/// Signs a user in by address and password.
#[utoipa::path(tag = "password",
    request_body(content((SignInBody = "application/json"), (SignInBody = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "Signed in", body = SignInReply),
              (status = 401, description = "Address or password is wrong", body = ErrorReply),
              (status = 403, description = "The address is not verified", body = ErrorReply),
              (status = 429, description = "Too many passwords were wrong", body = ErrorReply)))]
#[post("/sign-in/email")]
pub(super) async fn sign_in_email(
    body: Body<SignInBody>,
    state: Data<AppState>,
    sign_in: Data<SignIn>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    state.redirects.check_first_login(request.headers())?;
    let Body(body) = body;
    let cookies = SessionCookies::of(&state, &request);
    let password = Secret::new(body.password);
    let callback = state.redirects.callback(body.callback_url.as_deref())?;
    let input = SignInInput {
        name: SignInName::Email(Email::parse(&body.email).map_err(|_| INVALID_EMAIL)?),
        password: state.password(&password),
        callback: callback.clone(),
        session: session_request(&cookies, body.remember_me),
    };
    match sign_in
        .run(&state.request(&request, Actor::Anonymous), input)
        .await
    {
        Ok(signed_in) => Ok(answer(&state, &cookies, signed_in, callback, body.callback_url)),
        Err(error) => refusal(&state.context.settings, error),
    }
}
