//! Options about users: how they sign in, how long they stay, what they may do.

use super::Entry;

pub(super) fn signing_in() -> Vec<Entry> {
    vec![
        Entry::new(
            "email_and_password.enabled",
            |config| &mut config.settings.email_and_password.enabled,
            "Whether one can sign up and in by e-mail address and password.",
        ),
        Entry::new(
            "email_and_password.disable_sign_up",
            |config| &mut config.settings.email_and_password.disable_sign_up,
            "Whether nobody new may sign up.",
        ),
        Entry::new(
            "email_and_password.require_email_verification",
            |config| &mut config.settings.email_and_password.require_email_verification,
            "Whether only users with a verified address may sign in.",
        ),
        Entry::new(
            "email_and_password.auto_sign_in",
            |config| &mut config.settings.email_and_password.auto_sign_in,
            "Whether signing up signs in.",
        ),
        Entry::new(
            "email_and_password.min_password_length",
            |config| &mut config.settings.email_and_password.password.min_length,
            "Least length of a password.",
        ),
        Entry::new(
            "email_and_password.max_password_length",
            |config| &mut config.settings.email_and_password.password.max_length,
            "Greatest length of a password.",
        ),
        Entry::new(
            "email_and_password.send_reset_password",
            |config| &mut config.settings.email_and_password.send_reset_password,
            "Whether a forgotten password can be reset by mail.",
        ),
        Entry::new(
            "email_and_password.reset_password_token_expires_in",
            |config| &mut config.settings.email_and_password.reset_password_token_expires_in,
            "Seconds a reset link is good for.",
        ),
        Entry::new(
            "email_and_password.revoke_sessions_on_password_reset",
            |config| {
                &mut config
                    .settings
                    .email_and_password
                    .revoke_sessions_on_password_reset
            },
            "Whether a reset ends all sessions of the user.",
        ),
        Entry::new(
            "email_verification.send_verification_email",
            |config| &mut config.settings.email_verification.send_verification_email,
            "Whether verification emails are sent at all.",
        ),
        Entry::new(
            "email_verification.send_on_sign_up",
            |config| &mut config.settings.email_verification.send_on_sign_up,
            "Whether signing up sends one. Unset: if verification is required.",
        ),
        Entry::new(
            "email_verification.send_on_sign_in",
            |config| &mut config.settings.email_verification.send_on_sign_in,
            "Whether a sign-in that is refused because the address is not verified sends one.",
        ),
        Entry::new(
            "email_verification.auto_sign_in_after_verification",
            |config| &mut config.settings.email_verification.auto_sign_in_after_verification,
            "Whether following the link signs in.",
        ),
        Entry::new(
            "email_verification.expires_in",
            |config| &mut config.settings.email_verification.expires_in,
            "Seconds a verification link is good for.",
        ),
        Entry::new(
            "two_factor.when_enrolled",
            |config| &mut config.settings.two_factor.when_enrolled,
            "What happens when a user signs in who enrolled a second factor with Better Auth: `refuse`, or `ignore`, which lets them in by the password alone and is dangerous.",
        ),
    ]
}

pub(super) fn passwords() -> Vec<Entry> {
    vec![
        Entry::new(
            "password.scheme",
            |config| &mut config.hashing.scheme,
            "Algorithm of new password hashes. Others verify all the same.",
        ),
        Entry::new(
            "password.memory_kib",
            |config| &mut config.hashing.argon2.memory_kib,
            "Memory of one Argon2id hash in KiB.",
        ),
        Entry::new(
            "password.iterations",
            |config| &mut config.hashing.argon2.iterations,
            "Passes of Argon2id over that memory.",
        ),
        Entry::new(
            "password.parallelism",
            |config| &mut config.hashing.argon2.parallelism,
            "Lanes of Argon2id.",
        ),
        Entry::new(
            "password.peppers",
            |config| &mut config.hashing.peppers,
            "Keys mixed into passwords before they are hashed, each `id:key` with at least 32 random bytes, the present one \
             first. Without its pepper nobody can sign in: keep older ones until all hashes are renewed.",
        ),
        Entry::new(
            "password.threads",
            |config| &mut config.hashing.threads,
            "Hashes computed at a time. Unset: one a core.",
        ),
        Entry::new(
            "password.queue_per_thread",
            |config| &mut config.hashing.queue_per_thread,
            "Requests that may wait for a hash, per thread; those beyond are told to come back.",
        ),
        Entry::new(
            "password.equal_refusals",
            |config| &mut config.hashing.equal_refusals,
            "Whether a wrong password is refused after the same time whatever hash the user has: that of the dearest hash in use. \
             Without it, the time tells who was imported with another hash.",
        ),
        Entry::new(
            "password.refuse_common",
            |config| &mut config.settings.email_and_password.password.refuse_common,
            "Whether new passwords that are easy to guess are refused.",
        ),
        Entry::new(
            "password.context_words",
            |config| &mut config.settings.email_and_password.password.context_words,
            "Further words nobody may use as a password, such as the name of the product; lower case.",
        ),
        Entry::new(
            "password.length_unit",
            |config| &mut config.settings.email_and_password.password.unit,
            "What the length of a password counts.",
        ),
        Entry::new(
            "password.breach_check.enabled",
            |config| &mut config.breach_check.enabled,
            "Whether new passwords are looked for among those that became known by data breaches. The service at \
             `password.breach_check.url` learns the first five digits of a SHA-1 digest of each; if it does not answer \
             within a second, the password is accepted.",
        ),
        Entry::new(
            "password.breach_check.url",
            |config| &mut config.breach_check.url,
            "Where to look: a service with the range query of Have I Been Pwned.",
        ),
    ]
}

pub(super) fn sessions() -> Vec<Entry> {
    vec![
        Entry::new(
            "session.expires_in",
            |config| &mut config.settings.session.expires_in,
            "Seconds of idle time after which a session ends.",
        ),
        Entry::new(
            "session.update_age",
            |config| &mut config.settings.session.update_age,
            "Seconds after which a session in use is extended.",
        ),
        Entry::new(
            "session.fresh_age",
            |config| &mut config.settings.session.fresh_age,
            "Seconds after signing in during which a session may do what needs freshness; 0 lets every session.",
        ),
        Entry::new(
            "session.absolute_lifetime",
            |config| &mut config.settings.session.absolute_lifetime,
            "Seconds after which a session ends however busy it is. Unset: never.",
        ),
        Entry::new(
            "session.max_per_user",
            |config| &mut config.settings.session.max_per_user,
            "Most sessions of a user; the oldest ends. Unset: any number.",
        ),
        Entry::new(
            "session.disable_session_refresh",
            |config| &mut config.settings.session.never_refresh,
            "Whether sessions are never extended.",
        ),
        Entry::new(
            "session.defer_session_refresh",
            |config| &mut config.http.defer_session_refresh,
            "Whether `GET /get-session` never writes and `POST` to it extends the session.",
        ),
        Entry::new(
            "session.memory",
            |config| &mut config.database.session_memory,
            "Seconds, at most 1, for which a session that was read is remembered. What this process changes counts at once, \
             what other nodes change after this time. 0 asks the database every time.",
        ),
        Entry::new(
            "session.cookie_cache.enabled",
            |config| &mut config.http.cookie_cache.enabled,
            "Whether a signed copy of the session in a cookie spares the database.",
        ),
        Entry::new(
            "session.cookie_cache.max_age",
            |config| &mut config.http.cookie_cache.max_age,
            "Seconds for which it is believed; a revoked session lives on as long in its browser.",
        ),
        Entry::new(
            "session.cookie_cache.strategy",
            |config| &mut config.http.cookie_cache.strategy,
            "Form of that cookie; `jwe` is encrypted.",
        ),
        Entry::new(
            "session.cookie_cache.version",
            |config| &mut config.http.cookie_cache.version,
            "Changing it makes all cached sessions worthless.",
        ),
        Entry::new(
            "bearer.enabled",
            |config| &mut config.http.bearer.enabled,
            "Whether the session token may come as `Authorization: Bearer …`, and is handed out in the header `set-auth-token`.",
        ),
        Entry::new(
            "bearer.require_signature",
            |config| &mut config.http.bearer.require_signature,
            "Whether only the signed token of `set-auth-token` counts, or the bare one of answers as well.",
        ),
    ]
}

pub(super) fn users() -> Vec<Entry> {
    vec![
        Entry::new(
            "user.change_email.enabled",
            |config| &mut config.settings.change_email.enabled,
            "Whether users may change their address.",
        ),
        Entry::new(
            "user.change_email.update_email_without_verification",
            |config| &mut config.settings.change_email.update_email_without_verification,
            "Whether an unverified address is replaced at once.",
        ),
        Entry::new(
            "user.change_email.send_change_email_confirmation",
            |config| &mut config.settings.change_email.send_change_email_confirmation,
            "Whether a verified old address has to agree first.",
        ),
        Entry::new(
            "user.delete_user.enabled",
            |config| &mut config.settings.delete_user.enabled,
            "Whether users may delete themselves.",
        ),
        Entry::new(
            "user.delete_user.send_delete_account_verification",
            |config| &mut config.settings.delete_user.send_delete_account_verification,
            "Whether they confirm that by a mailed link.",
        ),
        Entry::new(
            "user.delete_user.delete_token_expires_in",
            |config| &mut config.settings.delete_user.delete_token_expires_in,
            "Seconds that link is good for.",
        ),
        Entry::new(
            "user.delete_user.mode",
            |config| &mut config.settings.delete_user.mode,
            "Whether a deleted user is kept, hidden, for the retention period, or removed at once.",
        ),
        Entry::new(
            "user.delete_user.retention",
            |config| &mut config.settings.delete_user.retention,
            "Seconds for which a deleted user is kept.",
        ),
        Entry::new(
            "username.enabled",
            |config| &mut config.settings.username.enabled,
            "Whether users can have a username and sign in by it.",
        ),
        Entry::new(
            "username.min_username_length",
            |config| &mut config.settings.username.length.min,
            "Least length of a username.",
        ),
        Entry::new(
            "username.max_username_length",
            |config| &mut config.settings.username.length.max,
            "Greatest length of a username.",
        ),
        Entry::new(
            "account.account_linking.allow_unlinking_all",
            |config| &mut config.settings.account.allow_unlinking_all,
            "Whether even the last way to sign in may be removed.",
        ),
    ]
}
