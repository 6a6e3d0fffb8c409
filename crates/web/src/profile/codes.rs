//! What the endpoints about the own user answer when they refuse.

crate::error_codes! {
    CHANGE_EMAIL_DISABLED = 400, "Change email is disabled";
    EMAIL_CAN_NOT_BE_UPDATED = 400, "Email can not be updated";
    FAILED_TO_GET_USER_INFO = 404, "Failed to get user info";
    SESSION_EXPIRED = 400, "Session expired. Re-authenticate to perform this action.";
}
