//! What the endpoints about accounts answer when they refuse.

crate::error_codes! {
    ACCOUNT_NOT_FOUND = 400, "Account not found";
    FAILED_TO_UNLINK_LAST_ACCOUNT = 400, "You can't unlink your last account";
}
