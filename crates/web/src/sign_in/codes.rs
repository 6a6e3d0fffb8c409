//! What a refused sign-in answers.

crate::error_codes! {
    BANNED_USER = 403, "You have been banned from this application. Please contact support if you believe this is an error.";
    EMAIL_NOT_VERIFIED = 403, "Email not verified";
    TWO_FACTOR_NOT_AVAILABLE = 403, "This account has a second factor, which this server cannot ask for yet";
}
