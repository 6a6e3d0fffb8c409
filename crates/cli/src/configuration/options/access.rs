//! Options about who may do what.

use super::Entry;

pub(super) fn administration() -> Vec<Entry> {
    vec![
        Entry::new(
            "admin.enabled",
            |config| &mut config.settings.admin.enabled,
            "Whether users have roles and can be banned, and administrators have endpoints for it.",
        ),
        Entry::new(
            "admin.default_role",
            |config| &mut config.access.default_role,
            "Role of users to whom nobody gave one. Unset: `user`.",
        ),
        Entry::new(
            "admin.admin_roles",
            |config| &mut config.access.admin_roles,
            "Roles whose holders are administrators. They are not impersonated, and the last of them stays. Unset: `admin`.",
        ),
        Entry::new(
            "admin.admin_user_ids",
            |config| &mut config.access.admin_user_ids,
            "Ids of users who are administrators whatever their role, and may do everything.",
        ),
        Entry::new(
            "admin.default_ban_reason",
            |config| &mut config.settings.admin.default_ban_reason,
            "Reason of a ban for which nobody gives one.",
        ),
        Entry::new(
            "admin.default_ban_expires_in",
            |config| &mut config.settings.admin.default_ban_expires_in,
            "Seconds a ban lasts for which nobody says it. Unset: for good.",
        ),
        Entry::new(
            "admin.banned_user_message",
            |config| &mut config.settings.admin.banned_user_message,
            "What a banned user reads who signs in with the right password.",
        ),
        Entry::new(
            "admin.impersonation_session_duration",
            |config| &mut config.settings.admin.impersonation_session_duration,
            "Seconds an administrator can use a user's place; where hardened, an hour at most.",
        ),
        Entry::new(
            "admin.allow_impersonating_admins",
            |config| &mut config.settings.admin.allow_impersonating_admins,
            "Whether administrators may take each other's place.",
        ),
        Entry::new(
            "admin.allow_setting_passwords",
            |config| &mut config.settings.admin.allow_setting_passwords,
            "Whether administrators may choose a user's password.",
        ),
        Entry::new(
            "admin.setup_token",
            |config| &mut config.settings.admin.setup_token,
            "A secret of at least 32 characters by which the first administrator is made, once, at `/admin/set-up`.",
        ),
    ]
}

pub(super) fn audit() -> Vec<Entry> {
    vec![Entry::new(
        "audit.retention",
        |config| &mut config.settings.audit.retention,
        "Seconds for which audit events are kept. 0: for ever.",
    )]
}

pub(super) fn security() -> Vec<Entry> {
    vec![
        Entry::new(
            "security.keep_last_administrator",
            |config| &mut config.settings.security.keep_last_administrator,
            "Whether the last administrator can be neither demoted nor banned nor removed.",
        ),
        Entry::new(
            "security.restrict_impersonation",
            |config| &mut config.settings.security.restrict_impersonation,
            "Whether an administrator who impersonates a user has no admin rights and cannot change how the user signs in.",
        ),
        Entry::new(
            "security.declared_roles_only",
            |config| &mut config.settings.security.declared_roles_only,
            "Whether users can have declared roles only, or any as long as no role is configured.",
        ),
        Entry::new(
            "security.rotate_session_after_impersonation",
            |config| &mut config.settings.security.rotate_session_after_impersonation,
            "Whether an administrator gets a new session after impersonating somebody.",
        ),
        Entry::new(
            "security.revoke_sessions_on_password_set",
            |config| &mut config.settings.security.revoke_sessions_on_password_set,
            "Whether a password that an administrator sets ends the user's sessions.",
        ),
        Entry::new(
            "security.revoke_sessions_on_email_set",
            |config| &mut config.settings.security.revoke_sessions_on_email_set,
            "Whether an address that an administrator changes ends the user's sessions.",
        ),
        Entry::new(
            "security.protect_more_privileged",
            |config| &mut config.settings.security.protect_more_privileged,
            "Whether nobody changes a user who may do more than they, and nobody grants more than they have. Administrators may change everybody.",
        ),
        Entry::new(
            "security.unverify_changed_email",
            |config| &mut config.settings.security.unverify_changed_email,
            "Whether an address that an administrator changes counts as unverified until somebody verifies it.",
        ),
        Entry::new(
            "security.strict_lists",
            |config| &mut config.settings.security.strict_lists,
            "Whether a list of users refuses columns that do not exist, and more than 1000 users at a time.",
        ),
        Entry::new(
            "security.max_password_attempts",
            |config| &mut config.settings.security.max_password_attempts,
            "How many wrong passwords in a row are answered for one account before all are refused, until the password is reset \
             or they are forgotten. After 10 there is a growing wait. At most 100 where hardened. Unset: no limit.",
        ),
        Entry::new(
            "security.password_attempts_expire_in",
            |config| &mut config.settings.security.password_attempts_expire_in,
            "Seconds after the last wrong password in which they are forgotten.",
        ),
        Entry::new(
            "security.max_emails_per_hour",
            |config| &mut config.settings.security.max_emails_per_hour,
            "How many emails of a kind one recipient gets within an hour, and as many again that they ask for themselves, signed in or from a known device. Unset: no limit.",
        ),
    ]
}
