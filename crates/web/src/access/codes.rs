//! What the endpoints of administrators answer with when they refuse.

use doorward_application::access::AdminError;
use doorward_domain::access::{Permission, permissions};

use crate::ErrorCode;
use crate::error::ApiError;
use crate::error::codes::FORBIDDEN;
use crate::password::codes::RESET_PASSWORD_DISABLED;
use crate::sign_in::codes::BANNED_USER;
use crate::user::codes::{USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL, USER_NOT_FOUND};
use crate::user::username_codes;

crate::error_codes! {
    INVALID_ROLE_TYPE = 400, "Invalid role type";
    INVALID_SET_UP_TOKEN = 401, "Invalid set-up token";
    LAST_ADMINISTRATOR = 400, "The last administrator cannot be demoted, banned or removed";
    NO_DATA_TO_UPDATE = 400, "No data to update";
    PASSWORD_CANNOT_BE_UPDATED_VIA_UPDATE_USER = 400, "Password cannot be updated through update-user. Use the set-user-password endpoint instead";
    SETTING_PASSWORDS_DISABLED = 403, "Administrators do not set passwords here. The user can ask for a reset";
    SET_UP_CLOSED = 403, "Setting up is not possible, or was done before";
    TOO_MANY_EMAILS = 429, "The user got too many of these emails. Try again later";
    USER_ID_CANNOT_BE_UPDATED = 400, "User id cannot be updated";
    USER_NOT_DELETED = 400, "User is not deleted";
    YOU_ARE_NOT_ALLOWED_TO_BAN_USERS = 403, "You are not allowed to ban users";
    YOU_ARE_NOT_ALLOWED_TO_CHANGE_USERS_ROLE = 403, "You are not allowed to change users role";
    YOU_ARE_NOT_ALLOWED_TO_CREATE_USERS = 403, "You are not allowed to create users";
    YOU_ARE_NOT_ALLOWED_TO_DELETE_USERS = 403, "You are not allowed to delete users";
    YOU_ARE_NOT_ALLOWED_TO_GET_USER = 403, "You are not allowed to get user";
    YOU_ARE_NOT_ALLOWED_TO_IMPERSONATE_USERS = 403, "You are not allowed to impersonate users";
    YOU_ARE_NOT_ALLOWED_TO_LIST_USERS = 403, "You are not allowed to list users";
    YOU_ARE_NOT_ALLOWED_TO_LIST_USERS_SESSIONS = 403, "You are not allowed to list users sessions";
    YOU_ARE_NOT_ALLOWED_TO_REVOKE_USERS_SESSIONS = 403, "You are not allowed to revoke users sessions";
    YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE = 400, "You are not allowed to set a non-existent role value";
    YOU_ARE_NOT_ALLOWED_TO_SET_USERS_EMAIL = 403, "You are not allowed to update users email";
    YOU_ARE_NOT_ALLOWED_TO_SET_USERS_PASSWORD = 403, "You are not allowed to set users password";
    YOU_ARE_NOT_ALLOWED_TO_UPDATE_USERS = 403, "You are not allowed to update users";
    YOU_CANNOT_BAN_YOURSELF = 400, "You cannot ban yourself";
    YOU_CANNOT_IMPERSONATE_ADMINS = 403, "You cannot impersonate admins";
    YOU_CANNOT_REMOVE_YOURSELF = 400, "You cannot remove yourself";
}

/// How a missing permission is told: Better Auth has a code for each.
fn refusal(permission: &Permission) -> ErrorCode {
    let refusals = [
        (permissions::user::CREATE, YOU_ARE_NOT_ALLOWED_TO_CREATE_USERS),
        (permissions::user::LIST, YOU_ARE_NOT_ALLOWED_TO_LIST_USERS),
        (permissions::user::GET, YOU_ARE_NOT_ALLOWED_TO_GET_USER),
        (permissions::user::UPDATE, YOU_ARE_NOT_ALLOWED_TO_UPDATE_USERS),
        (
            permissions::user::SET_ROLE,
            YOU_ARE_NOT_ALLOWED_TO_CHANGE_USERS_ROLE,
        ),
        (
            permissions::user::SET_EMAIL,
            YOU_ARE_NOT_ALLOWED_TO_SET_USERS_EMAIL,
        ),
        (
            permissions::user::SET_PASSWORD,
            YOU_ARE_NOT_ALLOWED_TO_SET_USERS_PASSWORD,
        ),
        (permissions::user::BAN, YOU_ARE_NOT_ALLOWED_TO_BAN_USERS),
        (permissions::user::DELETE, YOU_ARE_NOT_ALLOWED_TO_DELETE_USERS),
        (
            permissions::user::IMPERSONATE,
            YOU_ARE_NOT_ALLOWED_TO_IMPERSONATE_USERS,
        ),
        (
            permissions::session::LIST,
            YOU_ARE_NOT_ALLOWED_TO_LIST_USERS_SESSIONS,
        ),
        (
            permissions::session::REVOKE,
            YOU_ARE_NOT_ALLOWED_TO_REVOKE_USERS_SESSIONS,
        ),
    ];
    let named = refusals.into_iter().find(|(asked, _)| asked == permission);
    named.map_or(FORBIDDEN, |(_, code)| code)
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotPermitted(permission) => refusal(&permission).into(),
            AdminError::UserNotFound => USER_NOT_FOUND.with_status(404).into(),
            AdminError::BanOneself => YOU_CANNOT_BAN_YOURSELF.into(),
            AdminError::RemoveOneself => YOU_CANNOT_REMOVE_YOURSELF.into(),
            AdminError::LastAdministrator => LAST_ADMINISTRATOR.into(),
            AdminError::UnknownRole => YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE.into(),
            AdminError::EmailTaken => USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL.with_status(400).into(),
            AdminError::UsernameTaken => username_codes::USERNAME_IS_ALREADY_TAKEN.into(),
            AdminError::ImpersonateAdministrator => YOU_CANNOT_IMPERSONATE_ADMINS.into(),
            AdminError::Banned => BANNED_USER.into(),
            AdminError::NotDeleted => USER_NOT_DELETED.into(),
            AdminError::SettingPasswordsDisabled => SETTING_PASSWORDS_DISABLED.into(),
            AdminError::ResetsDisabled => RESET_PASSWORD_DISABLED.into(),
            AdminError::TooManyEmails => TOO_MANY_EMAILS.into(),
            AdminError::Password(problem) => problem.into(),
            AdminError::Rejected(rejection) => rejection.into(),
            AdminError::Hash(error) => error.into(),
            AdminError::NotSignedIn(error) => error.into(),
            AdminError::Store(error) => error.into(),
        }
    }
}
