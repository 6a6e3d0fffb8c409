use actix_web::HttpResponse;
use doorward_application::password::SignInError;
use doorward_application::settings::{Preset, Settings};
use doorward_domain::password::{HashError, PasswordProblem};

use crate::error::{ApiError, codes as general};
use crate::sign_in::{banned, challenged, codes};

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
            PasswordProblem::TooShort => general::PASSWORD_TOO_SHORT.into(),
            PasswordProblem::TooLong => general::PASSWORD_TOO_LONG.into(),
            PasswordProblem::TooCommon => general::PASSWORD_TOO_COMMON.into(),
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
