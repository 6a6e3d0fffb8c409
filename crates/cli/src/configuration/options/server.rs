//! Options about the server: its place, its wire, its promises, its sources.

use super::Entry;

pub(super) fn general() -> Vec<Entry> {
    vec![
        Entry::new(
            "preset",
            |config| &mut config.settings.preset,
            "Which defaults apply: the safest, or Better Auth's own, with which both servers can share a database.",
        ),
        Entry::new(
            "listen",
            |config| &mut config.http.listen,
            "Where to listen. Port 0 takes any free port, and needs base_url. `PORT` in the environment listens there on all interfaces.",
        ),
        Entry::new(
            "base_url",
            |config| &mut config.base_url,
            "Where browsers reach the server; links in emails begin with it. Unset: the address it listens on. \
             A path in it is the base path. Else `BETTER_AUTH_URL`.",
        ),
        Entry::new(
            "base_path",
            |config| &mut config.base_path,
            "Path of all endpoints. Unset: `/api/auth`.",
        ),
        Entry::new(
            "secret",
            |config| &mut config.secret,
            "The key of all signatures and encryption, at least 32 random bytes. Unset: one is made on the first start \
             and kept in the data directory, unless the database has users. Else `BETTER_AUTH_SECRET` or `AUTH_SECRET`.",
        ),
        Entry::new(
            "secrets",
            |config| &mut config.secrets,
            "Several of them in place of `secret`, each as `ID:SECRET`: `2:NEW,1:OLD`. The first signs and seals; all \
             verify and open until they are removed. Else `BETTER_AUTH_SECRETS`.",
        ),
        Entry::new(
            "data_dir",
            |config| &mut config.data_dir,
            "Directory of the database and the secret, where they are not set.",
        ),
        Entry::new(
            "trusted_origins",
            |config| &mut config.http.trusted_origins,
            "Further origins that may send requests and be redirected to: `https://app.example.com`, \
             `https://*.example.com`, `myapp://`. Else `BETTER_AUTH_TRUSTED_ORIGINS`.",
        ),
        Entry::new(
            "disabled_paths",
            |config| &mut config.http.disabled_paths,
            "Endpoints that do not exist, such as `/update-user`.",
        ),
        Entry::new(
            "allow_insecure",
            |config| &mut config.http.allow_insecure,
            "Whether a base URL without https is accepted although it is not this machine's.",
        ),
        Entry::new(
            "max_body_bytes",
            |config| &mut config.http.max_body_bytes,
            "Largest request body in bytes.",
        ),
        Entry::new(
            "workers",
            |config| &mut config.http.workers,
            "Threads that answer requests. Unset: one a core.",
        ),
        Entry::new(
            "max_connections",
            |config| &mut config.http.max_connections,
            "Most connections of clients at a time. Unset: as many as the limit of open files leaves room for, 10240 at most.",
        ),
        Entry::new(
            "shutdown_timeout",
            |config| &mut config.http.shutdown_timeout,
            "Seconds that requests in flight may take when the server stops.",
        ),
    ]
}

pub(super) fn wire() -> Vec<Entry> {
    vec![
        Entry::new(
            "advanced.cookie_prefix",
            |config| &mut config.http.cookie_prefix,
            "What cookie names begin with.",
        ),
        Entry::new(
            "advanced.use_secure_cookies",
            |config| &mut config.http.use_secure_cookies,
            "Whether cookies are `Secure`. Unset: if the base URL is https.",
        ),
        Entry::new(
            "advanced.cross_sub_domain_cookies.enabled",
            |config| &mut config.http.cross_subdomain_cookies.enabled,
            "Whether cookies are shared between subdomains.",
        ),
        Entry::new(
            "advanced.cross_sub_domain_cookies.domain",
            |config| &mut config.http.cross_subdomain_cookies.domain,
            "The domain they are shared in. Unset: the host of the base URL.",
        ),
        Entry::new(
            "advanced.ip_address.ip_address_headers",
            |config| &mut config.http.client_address.headers,
            "Headers in which proxies name the client's address, the first one that has it counts.",
        ),
        Entry::new(
            "advanced.ip_address.trusted_proxies",
            |config| &mut config.http.client_address.trusted_proxies,
            "Addresses or networks of proxies whose headers are believed, such as `10.0.0.0/8`.",
        ),
        Entry::new(
            "advanced.ip_address.believe_any_peer",
            |config| &mut config.http.client_address.believe_any_peer,
            "Whether a header with a single address is believed whoever sent it, as Better Auth does.",
        ),
        Entry::new(
            "advanced.ip_address.ipv6_subnet",
            |config| &mut config.http.client_address.ipv6_subnet,
            "How many bits of an IPv6 address count, from 32 to 128: clients of one network are counted together.",
        ),
        Entry::new(
            "rate_limit.enabled",
            |config| &mut config.http.rate_limit.enabled,
            "Whether a client that asks too often is answered 429. Behind a proxy, name it in \
             `advanced.ip_address.trusted_proxies`, or all clients are counted as one.",
        ),
        Entry::new(
            "rate_limit.window",
            |config| &mut config.http.rate_limit.window,
            "Seconds after which a path without a limit of its own is free again, counted from the last request let through. \
             Sign-in, sign-up and the like have limits of their own.",
        ),
        Entry::new(
            "rate_limit.max",
            |config| &mut config.http.rate_limit.max,
            "Most requests of one client to such a path, each within the window of the one before.",
        ),
        Entry::new(
            "rate_limit.storage",
            |config| &mut config.http.rate_limit.storage,
            "Where requests are counted: in the memory of each server, or in the table `rateLimit` for all servers together.",
        ),
        Entry::new(
            "rate_limit.count_known_sessions",
            |config| &mut config.http.rate_limit.count_known_sessions,
            "Whether `/get-session` also counts requests with a session that exists.",
        ),
        Entry::new(
            "rate_limit.count_refused",
            |config| &mut config.http.rate_limit.count_refused,
            "Whether requests that are refused for their method or origin count together with the others of their path. Otherwise they are counted apart, under the same limit.",
        ),
    ]
}

pub(super) fn security() -> Vec<Entry> {
    let mut entries = vec![
        Entry::new(
            "security.tokens_at_rest",
            |config| &mut config.settings.security.tokens_at_rest,
            "How session and link tokens rest in the database. Better Auth can read them in clear only.",
        ),
        Entry::new(
            "security.single_use_verification_links",
            |config| &mut config.settings.security.single_use_verification_links,
            "Whether a verification link works once and says nothing about the user.",
        ),
        Entry::new(
            "security.cancel_older_links",
            |config| &mut config.settings.security.cancel_older_links,
            "Whether a new reset link cancels older ones, and a change of password or address all of them.",
        ),
        Entry::new(
            "security.rotate_session_on_password_change",
            |config| &mut config.settings.security.rotate_session_on_password_change,
            "Whether a change of password gives the caller a new session token.",
        ),
        Entry::new(
            "security.end_previous_session_on_sign_in",
            |config| &mut config.settings.security.end_previous_session_on_sign_in,
            "Whether signing in ends the session the browser had before.",
        ),
        Entry::new(
            "security.notify_of_sign_up_attempts",
            |config| &mut config.settings.security.notify_of_sign_up_attempts,
            "Whether the owner of an address is told when somebody signs up with it.",
        ),
        Entry::new(
            "security.hold_usernames",
            |config| &mut config.settings.security.hold_usernames,
            "Whether a username that a sign-up with a taken address asked for counts as taken for 30 days. Without it, whether it \
             is free tells whether the address was.",
        ),
        Entry::new(
            "security.fresh_session_for_changes",
            |config| &mut config.settings.security.fresh_session_for_changes,
            "Whether a change of address needs a fresh session.",
        ),
        Entry::new(
            "security.overlong_password_is_wrong",
            |config| &mut config.settings.security.overlong_password_is_wrong,
            "Whether a password longer than any allowed is just a wrong one at sign-in.",
        ),
        Entry::new(
            "security.rehash_on_sign_in",
            |config| &mut config.settings.security.rehash_on_sign_in,
            "Whether a sign-in replaces an imported or outdated password hash by one of `password.scheme`. Better Auth with a \
             hash function of your own cannot read the new one.",
        ),
        Entry::new(
            "security.reset_request_floor",
            |config| &mut config.settings.security.reset_request_floor,
            "Least seconds a request for a reset link or for another address takes, so that its time does not tell who exists.",
        ),
        Entry::new(
            "security.web_images_only",
            |config| &mut config.settings.security.web_images_only,
            "Whether a user's picture must be an http or https address.",
        ),
        Entry::new(
            "security.max_image_length",
            |config| &mut config.settings.security.max_image_length,
            "Most characters of the address of a user's picture. Unset: as many as a request has room for.",
        ),
        Entry::new(
            "security.max_field_length",
            |config| &mut config.settings.security.max_field_length,
            "Most characters of a text in `user.additional_fields` and `session.additional_fields`. Unset: as many as a request \
             has room for.",
        ),
        Entry::new(
            "security.strict_cookie_cache",
            |config| &mut config.settings.security.strict_cookie_cache,
            "Whether everything but reading the session asks the database although the cookie has a copy.",
        ),
    ];
    entries.extend(devices_and_notices());
    entries
}

fn devices_and_notices() -> Vec<Entry> {
    vec![
        Entry::new(
            "security.mail_owner",
            |config| &mut config.settings.security.mail_owner,
            "Whether users are told by email of a changed password or address, a removed way to sign in, and the deletion and \
             restoring of their account. Without it an owner does not hear of a takeover.",
        ),
        Entry::new(
            "security.mail_impersonation",
            |config| &mut config.settings.security.mail_impersonation,
            "Whether users are also told that an administrator impersonates them.",
        ),
        Entry::new(
            "security.mail_new_device",
            |config| &mut config.settings.security.mail_new_device,
            "Whether users are told by email of a sign-in with a browser in which they have not signed in before; needs \
             `security.known_devices`.",
        ),
        Entry::new(
            "security.known_devices",
            |config| &mut config.settings.security.known_devices,
            "Whether a cookie recognises, for 180 days, browsers in which a user has signed in. Without it nothing tells the \
             owner's browser from an attacker's.",
        ),
    ]
}

pub(super) fn sources() -> Vec<Entry> {
    vec![
        Entry::new(
            "database.url",
            |config| &mut config.database_url,
            "`postgres://user:password@host/name` or `sqlite://FILE?mode=rwc`. Unset: SQLite in the data directory. \
             Else `DATABASE_URL`.",
        ),
        Entry::new(
            "database.max_connections",
            |config| &mut config.database.max_connections,
            "Most connections at a time. Unset: 10, on SQLite 8.",
        ),
        Entry::new(
            "database.auto_migrate",
            |config| &mut config.database.auto_migrate,
            "Whether the schema is brought up to date at start.",
        ),
        Entry::new(
            "database.connect_timeout",
            |config| &mut config.database.connect_timeout,
            "Seconds for which an unreachable database is tried again at start.",
        ),
        Entry::new(
            "mail.smtp_url",
            |config| &mut config.smtp_url,
            "`smtps://user:password@host` or `smtp://host:587?tls=required`. Unset: emails are printed to the terminal.",
        ),
        Entry::new(
            "mail.from",
            |config| &mut config.mail_from,
            "The sender, such as `Example <noreply@example.com>`.",
        ),
        Entry::new(
            "mail.reply_to",
            |config| &mut config.reply_to,
            "Where answers go, if not to the sender.",
        ),
        Entry::new(
            "log.level",
            |config| &mut config.log_level,
            "What is logged: `error`, `warn`, `info`, `debug`, `trace`, also for parts, as in `info,doorward_web=debug`.",
        ),
        Entry::new(
            "log.format",
            |config| &mut config.log_format,
            "How log lines are written, to standard error.",
        ),
        Entry::new(
            "metrics.enabled",
            |config| &mut config.metrics.enabled,
            "Whether requests, sign-ins, emails and the like are counted and shown at `/metrics` of `metrics.listen`, in the text format of \
             Prometheus.",
        ),
        Entry::new(
            "metrics.listen",
            |config| &mut config.metrics.listen,
            "Where they are shown: an address apart from `listen`. Whoever reaches it can read them, so let only the monitoring.",
        ),
    ]
}
