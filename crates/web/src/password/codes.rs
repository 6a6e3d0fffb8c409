//! What the endpoints about passwords answer when they refuse.

crate::error_codes! {
    CREDENTIAL_ACCOUNT_NOT_FOUND = 400, "Credential account not found";
    EMAIL_PASSWORD_DISABLED = 400, "Email and password is not enabled";
    EMAIL_PASSWORD_SIGN_UP_DISABLED = 400, "Email and password sign up is not enabled";
    INVALID_EMAIL = 400, "Invalid email";
    INVALID_EMAIL_OR_PASSWORD = 401, "Invalid email or password";
    INVALID_PASSWORD = 400, "Invalid password";
    PASSWORD_COMPROMISED = 400, "The password you entered has been compromised. Please choose a different password.";
    PASSWORD_TOO_COMMON = 400, "Password is too easy to guess";
    PASSWORD_TOO_LONG = 400, "Password too long";
    PASSWORD_TOO_SHORT = 400, "Password too short";
    RESET_PASSWORD_DISABLED = 400, "Reset password isn't enabled";
    TOO_MANY_PASSWORD_ATTEMPTS = 429, "Too many wrong passwords. Please try again later.";
}
