//! How a sign-in is answered, whatever the way in.

pub mod codes;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, LOCATION};
use doorward_application::password::{SignInError, SignedIn};
use doorward_application::settings::{Preset, Settings};
use doorward_application::sign_in::SessionRequest;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::Lifetime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::{ApiError, codes as general};
use crate::response::json;
use crate::session::{SessionCookies, UserReply};

/// Somebody is signed in.
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

/// A second factor is wanted, in the words of Better Auth's plugin. Nobody is signed in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeReply {
    two_factor_redirect: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    two_factor_methods: Vec<String>,
}

/// What a browser wants that signs in: `rememberMe: false` ends the session with the browser.
pub(crate) fn session_request(cookies: &SessionCookies<'_>, remember_me: Option<bool>) -> SessionRequest {
    SessionRequest {
        lifetime: match remember_me {
            Some(false) => Lifetime::BrowserSession,
            Some(true) | None => Lifetime::Remembered,
        },
        previous: cookies.presented_token(),
    }
}

/// Sets the cookies of somebody who signed in, and says where the client goes next.
pub(crate) fn answer(
    state: &AppState,
    cookies: &SessionCookies<'_>,
    signed_in: SignedIn,
    callback: Option<RedirectTarget>,
    url: Option<String>,
) -> HttpResponse {
    let (user, opened) = match signed_in {
        SignedIn::Issued { user, opened } => (user, opened),
        SignedIn::Challenged(challenge) => return challenged(challenge.methods),
    };
    cookies.open(&user, &opened);
    let mut response = json(&SignInReply {
        redirect: callback.is_some(),
        token: opened.token.expose().to_owned(),
        url: callback.as_ref().and(url),
        user: UserReply::new(&user, &state.context.settings),
    });
    if let Some(location) = callback.and_then(|target| HeaderValue::from_str(target.as_str()).ok()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn challenged(methods: Vec<String>) -> HttpResponse {
    json(&ChallengeReply {
        two_factor_redirect: true,
        two_factor_methods: methods,
    })
}

/// What a refused sign-in answers. Of a user who enrolled a second factor with Better Auth, its own answer where both serve
/// one database: no session, and the client asks for the factor there.
pub(crate) fn refusal(settings: &Settings, error: SignInError) -> Result<HttpResponse, ApiError> {
    match error {
        SignInError::Banned => Err(banned(settings)),
        SignInError::SecondFactorUnavailable if settings.preset == Preset::BetterAuth => {
            Ok(challenged(Vec::new()))
        }
        error => Err(error.into()),
    }
}

/// What a banned user is told.
pub(crate) fn banned(settings: &Settings) -> ApiError {
    general::BANNED_USER.with_message(settings.admin.banned_user_message.clone())
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Disabled => general::EMAIL_PASSWORD_DISABLED.into(),
            SignInError::PasswordTooLong => general::PASSWORD_TOO_LONG.into(),
            SignInError::InvalidCredentials => general::INVALID_EMAIL_OR_PASSWORD.into(),
            SignInError::EmailNotVerified => general::EMAIL_NOT_VERIFIED.into(),
            SignInError::Banned => general::BANNED_USER.into(),
            SignInError::SecondFactorUnavailable => codes::TWO_FACTOR_NOT_AVAILABLE.into(),
            SignInError::Rejected(rejection) => rejection.into(),
            SignInError::Hash(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}
