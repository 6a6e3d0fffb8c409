//! How a sign-in is answered, whatever the way in.

pub mod codes;

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, LOCATION};
use doorward_application::settings::Settings;
use doorward_application::sign_in::{SessionRequest, SignedIn};
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::session::Lifetime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::response::json;
use crate::session::SessionCookies;
use crate::user::UserReply;
use crate::{AppState, ErrorCode, Module, RateLimit};
use codes::BANNED_USER;

/// What all ways to sign in have in common.
pub(crate) struct SignInModule;

impl Module for SignInModule {
    fn id(&self) -> &'static str {
        "sign_in"
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        codes::ALL
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        const LIMITS: &[RateLimit] = &[RateLimit::prefix("/sign-in", 3, Duration::from_secs(10))];
        LIMITS
    }
}

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
        device: cookies.presented_device(),
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

/// Asks the client for one of these second factors.
pub(crate) fn challenged(methods: Vec<String>) -> HttpResponse {
    json(&ChallengeReply {
        two_factor_redirect: true,
        two_factor_methods: methods,
    })
}

/// What a banned user is told.
pub(crate) fn banned(settings: &Settings) -> ApiError {
    BANNED_USER.with_message(settings.admin.banned_user_message.clone())
}
