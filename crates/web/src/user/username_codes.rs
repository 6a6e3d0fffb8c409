//! What is wrong with a username.

use doorward_domain::user::InvalidUsername;

use crate::ErrorCode;

crate::error_codes! {
    INVALID_USERNAME = 400, "Username is invalid";
    INVALID_USERNAME_OR_PASSWORD = 401, "Invalid username or password";
    USERNAME_IS_ALREADY_TAKEN = 400, "Username is already taken. Please try another.";
    USERNAME_TOO_LONG = 400, "Username is too long";
    USERNAME_TOO_SHORT = 400, "Username is too short";
}

/// How a text that is no username is refused.
pub(crate) const fn refusal(problem: InvalidUsername) -> ErrorCode {
    match problem {
        InvalidUsername::TooShort => USERNAME_TOO_SHORT,
        InvalidUsername::TooLong => USERNAME_TOO_LONG,
        InvalidUsername::Malformed => INVALID_USERNAME,
    }
}
