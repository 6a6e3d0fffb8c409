//! What the extractors and endpoints about sessions answer when they refuse.

crate::error_codes! {
    IMPERSONATION_FORBIDS = 403, "This cannot be done while impersonating a user";
    METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED = 405, "POST method requires deferSessionRefresh to be enabled in session config";
    SESSION_NOT_FRESH = 403, "Session is not fresh";
}
