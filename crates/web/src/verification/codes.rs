//! What a link or a request for one answers when it is refused.

crate::error_codes! {
    EMAIL_ALREADY_VERIFIED = 400, "Email is already verified";
    EMAIL_MISMATCH = 400, "Email mismatch";
    INVALID_TOKEN = 401, "Invalid token";
    INVALID_USER = 401, "Invalid user";
    TOKEN_EXPIRED = 401, "Token expired";
    VERIFICATION_EMAIL_NOT_ENABLED = 400, "Verification email isn't enabled";
}
