//! What a refused sign-in answers.

crate::error_codes! {
    TWO_FACTOR_NOT_AVAILABLE = 403, "This account has a second factor, which this server cannot ask for yet";
}
