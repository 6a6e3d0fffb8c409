//! What an operator may decide. Names and defaults are Better Auth's wherever it has the option.

mod audit;
mod checks;
mod hashing;

use chrono::TimeDelta;
use doorward_domain::Secret;
use doorward_domain::access::AccessPolicy;
use doorward_domain::fields::FieldSpec;
use doorward_domain::password::{LengthUnit, PasswordPolicy};
use doorward_domain::redirect::Origin;
use doorward_domain::session::{SessionPolicy, TokenStorage};
use doorward_domain::user::UsernameLength;

pub use audit::Audit;
pub use checks::InvalidSetting;
pub use hashing::HashingSettings;

/// Which defaults apply where an option is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Safe by default. Better Auth's client works unchanged; its server can no longer read every row.
    Hardened,
    /// Every answer and every stored byte as Better Auth has them, so that both can serve one database.
    BetterAuth,
}

/// All decisions the use-cases depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose defaults apply, and whose wire; where hardened, some values are refused.
    pub preset: Preset,
    /// Where browsers reach the server; links in emails begin with it (CS-8).
    pub base_url: Origin,
    /// Path under which all endpoints lie, such as `/api/auth`.
    pub base_path: String,
    /// Signing in by address and password.
    pub email_and_password: EmailAndPassword,
    /// Verification of email addresses.
    pub email_verification: EmailVerification,
    /// How long sessions last.
    pub session: SessionPolicy,
    /// Changing one's own address.
    pub change_email: ChangeEmail,
    /// Deleting one's own user.
    pub delete_user: DeleteUser,
    /// Linked accounts.
    pub account: AccountLinking,
    /// Fields the application adds to users.
    pub user_fields: Vec<FieldSpec>,
    /// Fields the application adds to sessions.
    pub session_fields: Vec<FieldSpec>,
    /// Signing in by a username.
    pub username: UsernameSettings,
    /// Who may do what.
    pub access: AccessPolicy,
    /// Administration of users.
    pub admin: Admin,
    /// Users who enrolled a second factor with the server before this one.
    pub two_factor: TwoFactor,
    /// The audit log.
    pub audit: Audit,
    /// What separates the presets.
    pub security: Security,
}

/// `[email_and_password]`
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct EmailAndPassword {
    /// Whether signing in by address and password is enabled.
    pub enabled: bool,
    /// Whether signing up is disabled.
    pub disable_sign_up: bool,
    /// Whether only verified addresses may sign in.
    pub require_email_verification: bool,
    /// Whether signing up signs in.
    pub auto_sign_in: bool,
    /// Whether a forgotten password can be reset by mail.
    pub send_reset_password: bool,
    /// How long a reset link is valid.
    pub reset_password_token_expires_in: TimeDelta,
    /// Whether a reset ends all sessions of the user (SE-7).
    pub revoke_sessions_on_password_reset: bool,
    /// What a password must be like.
    pub password: PasswordPolicy,
}

/// `[email_verification]`
#[derive(Clone, Debug)]
pub struct EmailVerification {
    /// Whether verification emails are sent at all.
    pub send_verification_email: bool,
    /// Whether signing up sends one; unset means: if verification is required.
    pub send_on_sign_up: Option<bool>,
    /// Whether a refused sign-in of an unverified user sends one.
    pub send_on_sign_in: bool,
    /// Whether following the link signs in.
    pub auto_sign_in_after_verification: bool,
    /// How long a link is valid.
    pub expires_in: TimeDelta,
}

/// `[user.change_email]`
#[derive(Clone, Debug, Default)]
pub struct ChangeEmail {
    /// Whether users may change their address.
    pub enabled: bool,
    /// Whether an unverified address is replaced at once.
    pub update_email_without_verification: bool,
    /// Whether a verified old address has to agree first.
    pub send_change_email_confirmation: bool,
}

/// How users are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionMode {
    /// Hidden at once, removed after the retention period; an administrator can restore until then.
    Soft,
    /// Removed at once.
    Hard,
}

/// `[user.delete_user]`
#[derive(Clone, Debug)]
pub struct DeleteUser {
    /// Whether users may delete themselves.
    pub enabled: bool,
    /// Whether they confirm that by a mailed link.
    pub send_delete_account_verification: bool,
    /// How long that link is valid.
    pub delete_token_expires_in: TimeDelta,
    /// How users are deleted.
    pub mode: DeletionMode,
    /// How long a softly deleted user can be restored.
    pub retention: TimeDelta,
}

/// `[account.account_linking]`
#[derive(Clone, Debug, Default)]
pub struct AccountLinking {
    /// Whether even the last way to sign in may be removed.
    pub allow_unlinking_all: bool,
}

/// `[username]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsernameSettings {
    /// Whether users can have a username and sign in by it.
    pub enabled: bool,
    /// How long usernames are.
    pub length: UsernameLength,
}

impl Default for UsernameSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            length: UsernameLength { min: 3, max: 30 },
        }
    }
}

/// `[admin]`
#[derive(Clone, Debug)]
pub struct Admin {
    /// Whether users have roles and can be banned, and administrators have endpoints for it.
    pub enabled: bool,
    /// Why users are banned whom an administrator bans without a reason.
    pub default_ban_reason: String,
    /// The default duration of a ban; without one, bans are permanent.
    pub default_ban_expires_in: Option<TimeDelta>,
    /// What a banned user is told.
    pub banned_user_message: String,
    /// How long an impersonation lasts.
    pub impersonation_session_duration: TimeDelta,
    /// Whether administrators may impersonate each other.
    pub allow_impersonating_admins: bool,
    /// Whether administrators may choose a user's password (PW-12).
    pub allow_setting_passwords: bool,
    /// The secret by which the first administrator is made, once (AC-8).
    pub setup_token: Option<Secret<String>>,
}

impl Default for Admin {
    fn default() -> Self {
        let message = "You have been banned from this application. Please contact support if you believe this is an error.";
        Self {
            enabled: false,
            default_ban_reason: "No reason".to_owned(),
            default_ban_expires_in: None,
            banned_user_message: message.to_owned(),
            impersonation_session_duration: TimeDelta::hours(1),
            allow_impersonating_admins: false,
            allow_setting_passwords: true,
            setup_token: None,
        }
    }
}

/// What happens at the sign-in of a user who enrolled a second factor that this version cannot ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenEnrolled {
    /// The sign-in is refused.
    #[default]
    Refuse,
    /// The password alone is enough. Dangerous.
    Ignore,
}

/// `[two_factor]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TwoFactor {
    /// What happens at the sign-in of a user who enrolled.
    pub when_enrolled: WhenEnrolled,
}

impl TwoFactor {
    /// Whether users who enrolled are refused.
    #[must_use]
    pub const fn refuses_enrolled(self) -> bool {
        matches!(self.when_enrolled, WhenEnrolled::Refuse)
    }
}

/// `[security]`: each option is a protection that Better Auth does not have. SECURITY.md explains the requirement ids.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Security {
    /// Token hashing: how bearer tokens are stored (TK-2).
    pub tokens_at_rest: TokenStorage,
    /// Whether a verification link works once and says nothing about the user (TK-1, TK-3), or is Better Auth's
    /// signed token, good until it expires.
    pub single_use_verification_links: bool,
    /// Whether a new reset link cancels older ones, and a change of password or address all links (TK-5).
    pub cancel_older_links: bool,
    /// Whether a change of password always gives the caller a new session token (SE-4).
    pub rotate_session_on_password_change: bool,
    /// Whether signing in ends the session the browser had before (SE-3).
    pub end_previous_session_on_sign_in: bool,
    /// Whether the owner of an address is notified of a sign-up with it (EN-5).
    pub notify_of_sign_up_attempts: bool,
    /// Whether a username stays taken that a sign-up with a taken address asked for (EN-2).
    pub hold_usernames: bool,
    /// Whether a change of address needs a fresh session (PW-9).
    pub fresh_session_for_changes: bool,
    /// Whether a password longer than any allowed is just a wrong one at sign-in (PW-5).
    pub overlong_password_is_wrong: bool,
    /// Whether signing in replaces a stored password hash that is imported or weaker than new ones (PW-3).
    pub rehash_on_sign_in: bool,
    /// Least time a request for a reset link or for another address takes, so that timing does not reveal whether the user exists
    /// (EN-3).
    pub reset_request_floor: TimeDelta,
    /// Whether a picture must be an http or https address (IN-6), or may be any text.
    pub web_images_only: bool,
    /// The most characters of the address of a picture (IN-3).
    pub max_image_length: Option<usize>,
    /// The most characters of a text in the application's fields (IN-3).
    pub max_field_length: Option<usize>,
    /// Whether what changes something or needs freshness reads the session from the database even if a cached
    /// cookie has it (SE-10).
    pub strict_cookie_cache: bool,
    /// Whether the last administrator can be neither demoted nor banned nor removed (AC-5).
    pub keep_last_administrator: bool,
    /// Whether an impersonated session has no admin rights and cannot change how its user signs in (AC-6).
    pub restrict_impersonation: bool,
    /// Whether a user can have declared roles only (AC-7), or any while only the shipped ones are declared.
    pub declared_roles_only: bool,
    /// Whether the administrator gets a new session token after an impersonation (SE-4).
    pub rotate_session_after_impersonation: bool,
    /// Whether a password that an administrator sets ends the user's sessions (PW-12).
    pub revoke_sessions_on_password_set: bool,
    /// Whether a change of a user's address by an administrator ends the user's sessions.
    pub revoke_sessions_on_email_set: bool,
    /// Whether callers are refused to change a user who has permissions they lack, and to grant permissions they lack.
    pub protect_more_privileged: bool,
    /// Whether an address that an administrator changes counts as unverified.
    pub unverify_changed_email: bool,
    /// Whether owners of accounts are told by email what is done to them (ML-3).
    pub mail_owner: bool,
    /// Whether they are also told that an administrator impersonates them.
    pub mail_impersonation: bool,
    /// Whether they are told of a sign-in with a browser that is not known.
    pub mail_new_device: bool,
    /// Whether browsers in which a user has signed in are known by a cookie (RL-5).
    pub known_devices: bool,
    /// Whether a list of users refuses columns that do not exist (IN-7) and more than 1,000 users at a time (AC-7).
    pub strict_lists: bool,
    /// How many wrong passwords in a row are answered for one account, and for one device that its user signed in on (RL-4).
    pub max_password_attempts: Option<u32>,
    /// How long after the last wrong password they are forgotten.
    pub password_attempts_expire_in: TimeDelta,
    /// How many emails of a kind one recipient gets within an hour; as many again that they ask for themselves (RL-7).
    pub max_emails_per_hour: Option<u32>,
}

impl Settings {
    /// The defaults of a preset, at this address.
    #[must_use]
    pub fn of(preset: Preset, base_url: Origin, base_path: String) -> Self {
        let hardened = preset == Preset::Hardened;
        Self {
            preset,
            base_url,
            base_path,
            email_and_password: EmailAndPassword {
                enabled: hardened,
                disable_sign_up: false,
                require_email_verification: false,
                auto_sign_in: true,
                send_reset_password: false,
                reset_password_token_expires_in: TimeDelta::hours(1),
                revoke_sessions_on_password_reset: hardened,
                password: PasswordPolicy {
                    min_length: 8,
                    max_length: 128,
                    unit: if hardened {
                        LengthUnit::CodePoints
                    } else {
                        LengthUnit::Utf16Units
                    },
                    refuse_common: hardened,
                    context_words: Vec::new(),
                },
            },
            email_verification: EmailVerification {
                send_verification_email: false,
                send_on_sign_up: None,
                send_on_sign_in: false,
                auto_sign_in_after_verification: false,
                expires_in: TimeDelta::hours(1),
            },
            session: SessionPolicy {
                expires_in: TimeDelta::days(7),
                update_age: TimeDelta::days(1),
                fresh_age: TimeDelta::days(1),
                absolute_lifetime: hardened.then(|| TimeDelta::days(30)),
                never_refresh: false,
                max_per_user: hardened.then_some(100),
            },
            change_email: ChangeEmail::default(),
            delete_user: DeleteUser {
                enabled: false,
                send_delete_account_verification: false,
                delete_token_expires_in: TimeDelta::days(1),
                mode: if hardened {
                    DeletionMode::Soft
                } else {
                    DeletionMode::Hard
                },
                retention: TimeDelta::days(30),
            },
            account: AccountLinking::default(),
            user_fields: Vec::new(),
            session_fields: Vec::new(),
            username: UsernameSettings::default(),
            access: Self::shipped_access(preset),
            admin: Admin::default(),
            two_factor: TwoFactor::default(),
            audit: Audit::default(),
            security: Security::of(preset),
        }
    }

    /// The shipped roles. Where hardened, administrators may read the audit log; Better Auth's role has no such permission.
    fn shipped_access(preset: Preset) -> AccessPolicy {
        match preset {
            Preset::Hardened => AccessPolicy::shipped().reading_audit_log(),
            Preset::BetterAuth => AccessPolicy::shipped(),
        }
    }

    /// The address of an endpoint, for a link in an email.
    #[must_use]
    pub fn endpoint(&self, path_and_query: &str) -> String {
        format!("{}{}{path_and_query}", self.base_url, self.base_path)
    }

    /// Whether signing up opens a session.
    #[must_use]
    pub const fn signs_in_on_sign_up(&self) -> bool {
        self.email_and_password.auto_sign_in && !self.email_and_password.require_email_verification
    }

    /// Whether signing up mails a verification link.
    #[must_use]
    pub fn mails_on_sign_up(&self) -> bool {
        let wanted = self.email_verification.send_on_sign_up;
        self.email_verification.send_verification_email
            && wanted.unwrap_or(self.email_and_password.require_email_verification)
    }
}

impl Security {
    /// The defaults of a preset.
    #[must_use]
    pub const fn of(preset: Preset) -> Self {
        let hardened = matches!(preset, Preset::Hardened);
        Self {
            tokens_at_rest: if hardened {
                TokenStorage::Digest
            } else {
                TokenStorage::Plaintext
            },
            single_use_verification_links: hardened,
            cancel_older_links: hardened,
            rotate_session_on_password_change: hardened,
            end_previous_session_on_sign_in: hardened,
            notify_of_sign_up_attempts: hardened,
            hold_usernames: hardened,
            fresh_session_for_changes: hardened,
            overlong_password_is_wrong: hardened,
            rehash_on_sign_in: hardened,
            reset_request_floor: if hardened {
                TimeDelta::milliseconds(250)
            } else {
                TimeDelta::zero()
            },
            web_images_only: hardened,
            max_image_length: if hardened { Some(2048) } else { None },
            max_field_length: if hardened { Some(4096) } else { None },
            strict_cookie_cache: hardened,
            keep_last_administrator: hardened,
            restrict_impersonation: hardened,
            declared_roles_only: hardened,
            rotate_session_after_impersonation: hardened,
            revoke_sessions_on_password_set: hardened,
            revoke_sessions_on_email_set: hardened,
            protect_more_privileged: hardened,
            unverify_changed_email: hardened,
            mail_owner: hardened,
            mail_impersonation: hardened,
            mail_new_device: false,
            known_devices: hardened,
            strict_lists: hardened,
            max_password_attempts: if hardened { Some(100) } else { None },
            password_attempts_expire_in: TimeDelta::days(1),
            max_emails_per_hour: if hardened { Some(5) } else { None },
        }
    }
}
