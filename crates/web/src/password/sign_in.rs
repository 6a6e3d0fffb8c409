use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use doorward_application::password::{SignIn, SignInError, SignInInput, SignInName, SignedIn};
use doorward_domain::Secret;
use doorward_domain::password::Password;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::Lifetime;
use doorward_domain::user::Email;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::banned;
use crate::error::{ApiError, codes};
use crate::response::{ErrorReply, json};
use crate::session::{SessionCookies, UserReply};
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

#[derive(Serialize, ToSchema)]
pub(crate) struct SignInReply {
    /// Whether the client should go to `url`.
    redirect: bool,
    /// The session token.
    token: String,
    /// The `callbackURL` of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    url: Option<String>,
    user: UserReply,
}

/// How long somebody wants to stay who said `rememberMe` or did not.
pub(crate) const fn lifetime(remember_me: Option<bool>) -> Lifetime {
    match remember_me {
        Some(false) => Lifetime::BrowserSession,
        Some(true) | None => Lifetime::Remembered,
    }
}

/// Signs a user in by address and password.
#[utoipa::path(tag = "password",
    request_body(content((SignInBody = "application/json"), (SignInBody = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "Signed in", body = SignInReply),
              (status = 401, description = "Address or password is wrong", body = ErrorReply),
              (status = 403, description = "The address is not verified", body = ErrorReply)))]
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
        name: SignInName::Email(Email::parse(&body.email).map_err(|_| codes::INVALID_EMAIL)?),
        password: Password::new(password.expose()),
        lifetime: lifetime(body.remember_me),
        callback: callback.clone(),
        client: state.client(&request),
        previous: cookies.presented_token(),
    };
    let outcome = sign_in.run(input).await;
    let signed_in = outcome.map_err(|error| match error {
        SignInError::Banned => banned(&state.context.settings),
        error => error.into(),
    })?;
    Ok(answer(&state, &cookies, &signed_in, callback, body.callback_url))
}

/// Sets the cookies of somebody who signed in, and says where the client goes next.
pub(crate) fn answer(
    state: &AppState,
    cookies: &SessionCookies<'_>,
    signed_in: &SignedIn,
    callback: Option<RedirectTarget>,
    url: Option<String>,
) -> HttpResponse {
    cookies.open(&signed_in.user, &signed_in.opened);
    let mut response = json(&SignInReply {
        redirect: callback.is_some(),
        token: signed_in.opened.token.expose().to_owned(),
        url: callback.as_ref().and(url),
        user: UserReply::new(&signed_in.user, &state.context.settings),
    });
    if let Some(location) = callback.and_then(|target| HeaderValue::from_str(target.as_str()).ok()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Disabled => codes::EMAIL_PASSWORD_DISABLED.into(),
            SignInError::PasswordTooLong => codes::PASSWORD_TOO_LONG.into(),
            SignInError::InvalidCredentials => codes::INVALID_EMAIL_OR_PASSWORD.into(),
            SignInError::EmailNotVerified => codes::EMAIL_NOT_VERIFIED.into(),
            SignInError::Banned => codes::BANNED_USER.into(),
            SignInError::Rejected(rejection) => rejection.into(),
            SignInError::Hash(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}
