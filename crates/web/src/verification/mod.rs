//! Verification links over HTTP.

pub mod codes;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::TimeDelta;
use doorward_application::Context;
use doorward_application::settings::Settings;
use doorward_application::verification::{
    SendVerificationEmail, SendVerificationError, Verified, VerifyEmail, VerifyEmailError, VerifyEmailInput,
};
use doorward_domain::user::Email;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::error::codes::VALIDATION_ERROR;
use crate::error::{ApiError, ErrorCode};
use crate::response::{ErrorReply, StatusReply, json, not_before, redirect};
use crate::session::SessionCookies;
use crate::session::extract::{EvenImpersonated, OptionalSession};
use crate::user::UserReply;
use crate::user::codes::USER_NOT_FOUND;
use crate::{AppState, Body, Module, Query, RateLimit, validation};
use codes::{
    EMAIL_ALREADY_VERIFIED, EMAIL_MISMATCH, INVALID_TOKEN, INVALID_USER, TOKEN_EXPIRED,
    VERIFICATION_EMAIL_NOT_ENABLED,
};

/// Sending and following verification links.
pub(crate) struct VerificationModule;

impl Module for VerificationModule {
    fn id(&self) -> &'static str {
        "verification"
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        codes::ALL
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        const LIMITS: &[RateLimit] = &[RateLimit::path(
            "/send-verification-email",
            3,
            Duration::from_mins(1),
        )];
        LIMITS
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(SendVerificationEmail::new(context.clone())))
            .app_data(Data::new(VerifyEmail::new(context.clone())))
            .service(send_verification_email)
            .service(verify_email)
            .service(verify_email_by_body);
    }
}

/// Least time of an answer to somebody who is not signed in, as in the protocol (EN-3).
const ANONYMOUS_FLOOR: TimeDelta = TimeDelta::milliseconds(500);

#[derive(Deserialize, Validate, ToSchema)]
struct SendVerificationBody {
    /// The address to verify; of a signed-in user the own one.
    #[validate(custom(function = "validation::email"))]
    #[schema(format = "email")]
    email: String,
    /// Where the link leads in the end.
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false)]
    callback_url: Option<String>,
}

/// Mails a link that verifies an address. Without a session the answer does not tell whether there is such a user.
#[utoipa::path(tag = "verification", request_body = SendVerificationBody,
    responses((status = 200, description = "Asked for", body = StatusReply),
              (status = 400, description = "Refused", body = ErrorReply)))]
#[post("/send-verification-email")]
async fn send_verification_email(
    body: Body<SendVerificationBody>,
    caller: EvenImpersonated<OptionalSession>,
    state: Data<AppState>,
    send: Data<SendVerificationEmail>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let started = Instant::now();
    send.check_enabled()?;
    let email = Email::parse(&body.0.email).map_err(|_| VALIDATION_ERROR)?;
    let callback = state.redirects.callback(body.0.callback_url.as_deref())?;
    if caller.active().is_some() {
        send.for_user(caller.request(), &email, callback.as_ref()).await?;
    } else {
        let device = SessionCookies::of(&state, &request).presented_device();
        send.for_anybody(caller.request(), &email, device.as_ref(), callback.as_ref())
            .await?;
        not_before(started, ANONYMOUS_FLOOR).await;
    }
    Ok(json(&StatusReply::DONE))
}

impl From<SendVerificationError> for ApiError {
    fn from(error: SendVerificationError) -> Self {
        match error {
            SendVerificationError::NotEnabled => VERIFICATION_EMAIL_NOT_ENABLED.into(),
            SendVerificationError::Mismatch => EMAIL_MISMATCH.into(),
            SendVerificationError::AlreadyVerified => EMAIL_ALREADY_VERIFIED.into(),
            SendVerificationError::NotSignedIn(error) => error.into(),
            SendVerificationError::Store(error) => error.into(),
        }
    }
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
struct VerifyEmailQuery {
    /// The token in the email.
    token: String,
    /// Where to go afterwards.
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false)]
    callback_url: Option<String>,
}

#[derive(Deserialize, Validate, ToSchema)]
struct VerifyEmailBody {
    /// The token in the email.
    token: String,
}

#[derive(Serialize, ToSchema)]
struct VerifyEmailReply {
    status: bool,
    /// After a change of address: the user with the new one. Absent when only the old address has agreed so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Option<UserReply>>,
}

/// The link in the email: verifies the address, or takes a change of address one step further.
#[utoipa::path(tag = "verification", params(VerifyEmailQuery),
    responses((status = 200, description = "Done, without `callbackURL`", body = VerifyEmailReply),
              (status = 302, description = "To `callbackURL`, with `error` as a parameter if something was wrong"),
              (status = 401, description = "Something was wrong, without `callbackURL`", body = ErrorReply)))]
#[get("/verify-email")]
async fn verify_email(
    query: Query<VerifyEmailQuery>,
    caller: EvenImpersonated<OptionalSession>,
    state: Data<AppState>,
    verify: Data<VerifyEmail>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let callback = state.redirects.callback(query.0.callback_url.as_deref())?;
    let device = SessionCookies::of(&state, &request).presented_device();
    let input = VerifyEmailInput {
        token: &query.0.token,
        callback: callback.as_ref(),
        device: device.as_ref(),
    };
    let verified = match (verify.run(caller.request(), input).await, &callback) {
        (Ok(verified), _) => verified,
        (Err(error), None) => return Err(error.into()),
        (Err(error), Some(callback)) => {
            let code = code_of(error)?;
            return Ok(redirect(callback.with_param("error", code.code).as_str()));
        }
    };
    set_cookies(&state, &request, &caller, &verified);
    Ok(callback.map_or_else(
        || json(&reply(&verified, &state.context.settings)),
        |callback| redirect(callback.as_str()),
    ))
}

/// The same for an application that reads the token out of the link and sends it itself.
#[utoipa::path(tag = "verification", request_body = VerifyEmailBody,
    responses((status = 200, description = "Done", body = VerifyEmailReply),
              (status = 401, description = "Something was wrong", body = ErrorReply)))]
#[post("/verify-email")]
async fn verify_email_by_body(
    body: Body<VerifyEmailBody>,
    caller: EvenImpersonated<OptionalSession>,
    state: Data<AppState>,
    verify: Data<VerifyEmail>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let device = SessionCookies::of(&state, &request).presented_device();
    let input = VerifyEmailInput {
        token: &body.0.token,
        callback: None,
        device: device.as_ref(),
    };
    let verified = verify.run(caller.request(), input).await?;
    set_cookies(&state, &request, &caller, &verified);
    Ok(json(&reply(&verified, &state.context.settings)))
}

fn reply(verified: &Verified, settings: &Settings) -> VerifyEmailReply {
    let user = match verified {
        Verified::Address { .. } => Some(None),
        Verified::ChangeConfirmed => None,
        Verified::AddressChanged { user } => Some(Some(UserReply::new(user, settings))),
    };
    VerifyEmailReply { status: true, user }
}

/// A new session if one was opened, else the running one anew if its user has changed.
fn set_cookies(state: &Data<AppState>, request: &HttpRequest, caller: &OptionalSession, verified: &Verified) {
    let cookies = SessionCookies::of(state, request);
    match (verified, caller.active()) {
        (
            Verified::Address {
                user,
                opened: Some(opened),
            },
            _,
        ) => cookies.open(user, opened),
        (Verified::AddressChanged { user }, Some(caller)) if caller.user.id == user.id => {
            cookies.renew(user, caller);
        }
        _ => {}
    }
}

fn code_of(error: VerifyEmailError) -> Result<ErrorCode, ApiError> {
    match error {
        VerifyEmailError::InvalidToken => Ok(INVALID_TOKEN),
        VerifyEmailError::TokenExpired => Ok(TOKEN_EXPIRED),
        VerifyEmailError::UserNotFound => Ok(USER_NOT_FOUND),
        VerifyEmailError::InvalidUser => Ok(INVALID_USER),
        VerifyEmailError::Store(error) => Err(error.into()),
    }
}

impl From<VerifyEmailError> for ApiError {
    fn from(error: VerifyEmailError) -> Self {
        code_of(error).map_or_else(|error| error, Self::from)
    }
}
