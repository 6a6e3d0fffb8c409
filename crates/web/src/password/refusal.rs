use actix_web::HttpResponse;
use doorward_application::password::SignInError;
use doorward_application::rate_limit::TooManyAttempts;
use doorward_application::settings::{Preset, Settings};
use doorward_domain::password::{HashError, PasswordProblem};
use doorward_domain::rate_limit::whole_seconds;

use super::codes::{
    EMAIL_PASSWORD_DISABLED, INVALID_EMAIL_OR_PASSWORD, PASSWORD_COMPROMISED, PASSWORD_TOO_COMMON,
    PASSWORD_TOO_LONG, PASSWORD_TOO_SHORT, TOO_MANY_PASSWORD_ATTEMPTS,
};
use crate::error::ApiError;
use crate::sign_in::codes::{BANNED_USER, EMAIL_NOT_VERIFIED, TWO_FACTOR_NOT_AVAILABLE};
use crate::sign_in::{banned, challenged};

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

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Disabled => EMAIL_PASSWORD_DISABLED.into(),
            SignInError::PasswordTooLong => PASSWORD_TOO_LONG.into(),
            SignInError::InvalidCredentials => INVALID_EMAIL_OR_PASSWORD.into(),
            SignInError::TooManyAttempts(error) => error.into(),
            SignInError::EmailNotVerified => EMAIL_NOT_VERIFIED.into(),
            SignInError::Banned => BANNED_USER.into(),
            SignInError::SecondFactorUnavailable => TWO_FACTOR_NOT_AVAILABLE.into(),
            SignInError::Rejected(rejection) => rejection.into(),
            SignInError::Hash(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

impl From<TooManyAttempts> for ApiError {
    fn from(error: TooManyAttempts) -> Self {
        Self::TooManyRequests {
            code: Some(TOO_MANY_PASSWORD_ATTEMPTS),
            retry_after: whole_seconds(error.retry_after),
        }
    }
}

impl From<HashError> for ApiError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Unavailable(Box::new(error)),
            HashError::Failed(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<PasswordProblem> for ApiError {
    fn from(problem: PasswordProblem) -> Self {
        match problem {
            PasswordProblem::TooShort => PASSWORD_TOO_SHORT.into(),
            PasswordProblem::TooLong => PASSWORD_TOO_LONG.into(),
            PasswordProblem::TooCommon => PASSWORD_TOO_COMMON.into(),
            PasswordProblem::Compromised => PASSWORD_COMPROMISED.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;
    use actix_web::http::header::RETRY_AFTER;

    use super::*;

    #[test]
    fn re_8_a_full_queue_says_when_to_come_back() {
        let response = ApiError::from(HashError::Busy).error_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "1");
    }
}
