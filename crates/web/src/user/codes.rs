//! What several rooms answer about users.

crate::error_codes! {
    USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL = 422, "User already exists. Use another email.";
    USER_NOT_FOUND = 401, "User not found";
}
