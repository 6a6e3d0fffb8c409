//! The list of security requirements, by number.

/// One requirement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requirement {
    /// Its number, such as `TK-2`.
    pub(crate) number: &'static str,
    /// What it asks for.
    pub(crate) text: &'static str,
    /// What shows it where no test can: files, each with a text that has to stand in it.
    pub(crate) checks: &'static [(&'static str, &'static str)],
    /// Why nothing shows it yet. A requirement with a test must not have this.
    pub(crate) not_yet: Option<&'static str>,
    /// The part of it that nothing shows yet.
    pub(crate) missing: Option<&'static str>,
}

impl Requirement {
    /// A requirement that tests show.
    pub(crate) const fn new(number: &'static str, text: &'static str) -> Self {
        Self {
            number,
            text,
            checks: &[],
            not_yet: None,
            missing: None,
        }
    }

    /// The same, shown by files that have these texts.
    pub(crate) const fn checked(mut self, checks: &'static [(&'static str, &'static str)]) -> Self {
        self.checks = checks;
        self
    }

    /// The same, not shown yet.
    pub(crate) const fn not_yet(mut self, reason: &'static str) -> Self {
        self.not_yet = Some(reason);
        self
    }

    /// The same, with a part that nothing shows yet.
    pub(crate) const fn missing(mut self, part: &'static str) -> Self {
        self.missing = Some(part);
        self
    }
}

/// Makes the list. The lines are long, and rustfmt leaves them as they are.
macro_rules! requirements {
    ($($number:literal => $text:literal $(, $more:ident($argument:expr))*;)+) => {
        /// All of them. Tests name them as `tk_2_…`; see `security.rs`.
        pub(crate) const REQUIREMENTS: &[Requirement] =
            &[$( Requirement::new($number, $text)$(.$more($argument))*, )+];
    };
}

requirements! {
    "PW-1" => "New password hashes are Argon2id in PHC form, with a random salt and 32 bytes of output.";
    "PW-2" => "Argon2 costs at least what OWASP recommends. A lower cost stops the start.";
    "PW-3" => "A sign-in replaces a hash of another algorithm or a lower cost. A failure to do so does not fail the sign-in.";
    "PW-4" => "Passwords have 8 to 128 code points unless configured otherwise. No composition is asked for, and no password expires.";
    "PW-5" => "A password above the maximum is refused before it is normalised or hashed, on every path.";
    "PW-6" => "Passwords are normalised by NFKC and otherwise used as they were typed.";
    "PW-7" => "Common passwords, and those made of the user's own name or address, are refused wherever a password is set.";
    "PW-8" => "An option asks a service for breached passwords, without telling it the password.";
    "PW-9" => "Changing password or address, and deleting the user, needs the password or a fresh session. Nothing is applied in part.";
    "PW-10" => "Imported hashes (scrypt of Better Auth, bcrypt, Argon2, PBKDF2) verify at a bounded cost. Nothing is truncated.";
    "PW-11" => "A pepper from the configuration can be mixed in. Hashes of older peppers verify and are renewed.";
    "PW-12" => "An administrator starts a reset and learns no password. A password that they set ends the user's sessions, is recorded, and can be switched off.";
    "EN-1" => "Sign-in, reset and verification requests answer alike whether or not the address has an account.";
    "EN-2" => "Where sign-up opens no session, a taken address is answered like a free one. So is a change of address.";
    "EN-3" => "The time of an answer does not tell whether an account exists.";
    "EN-4" => "That a user is banned or not verified is told only after the right password.";
    "EN-5" => "The owner of an address is told of a sign-up with it, once an hour at most.";
    "TK-1" => "Every token has at least 128 random bits and nothing else.";
    "TK-2" => "The database holds digests of tokens. Lists show handles that revoke and do not authenticate.";
    "TK-3" => "A mailed token has an effect once. Deleting its row is the decision.";
    "TK-4" => "Tokens expire, to the millisecond, by the server's clock.";
    "TK-5" => "Changes of password or address, bans and deletion cancel the links that were mailed before.";
    "TK-6" => "A token is bound to its purpose, its user and its address.";
    "TK-7" => "Signatures are compared in constant time, and a token does not choose its algorithm.";
    "SE-1" => "The session cookie is HttpOnly, SameSite=Lax and, over https, Secure with the prefix of the name.";
    "SE-2" => "The cookie is signed, and an altered one is no session.";
    "SE-3" => "Sign-in makes a new token and ends the session that the browser had.";
    "SE-4" => "A change of password gives the caller a new token, and ends the other sessions where that is asked for.", missing("a change of role rotates no session");
    "SE-5" => "A revoked session is over with the next request, and no refresh brings it back.";
    "SE-6" => "Ban and deletion end all sessions, links and impersonations in the same transaction.";
    "SE-7" => "A password reset ends all sessions.";
    "SE-8" => "A session ends after a week without use, and after 30 days in any case.";
    "SE-9" => "Answers about a user are not stored by caches, and signing out clears every cookie.";
    "SE-10" => "The cookie cache is authenticated, bound to its session and short-lived.";
    "SE-11" => "A user has a bounded number of sessions; the oldest ends.";
    "CS-1" => "A request that changes something and has a cookie comes from a trusted origin.";
    "CS-2" => "Patterns of origins match whole labels of a host. One that trusts strangers stops the start.";
    "CS-3" => "Bodies are JSON; forms are read where a route declares them. Other types are refused.";
    "CS-4" => "GET changes nothing but by a token of a link. Methods that are not documented are not served, and no header overrides one.";
    "CS-5" => "A foreign page cannot sign a visitor in, with or without cookies.";
    "CS-6" => "No redirect leaves the trusted origins, however its target is written.";
    "CS-7" => "The target that was checked is the target that is sent, also after parameters were added.";
    "CS-8" => "Links and redirects are made of the configured base URL, whatever Host or forwarding headers say.";
    "CS-9" => "No answer lets scripts of a foreign origin read it.";
    "RL-1" => "Requests are limited per client and route, by default.";
    "RL-2" => "The client is the peer of the connection. A forwarding header counts from trusted proxies only.";
    "RL-3" => "Client addresses are parsed; IPv4 within IPv6 is unwrapped and IPv6 is grouped by network.";
    "RL-4" => "Failed sign-ins are limited per account, also for addresses without one.";
    "RL-5" => "An attacker cannot lock the owner out.";
    "RL-6" => "Other spellings of a path are not served, so they pass by no limit.";
    "RL-7" => "Emails are limited per recipient.";
    "RL-8" => "The memory of the limiter is bounded.";
    "RL-9" => "Counters of accounts survive a restart and are shared between nodes.";
    "IN-1" => "Malformed input of any kind is a 4xx with an error in JSON.";
    "IN-2" => "Bodies are bounded in size and depth, and not compressed.";
    "IN-3" => "Every text that is stored has a limit.";
    "IN-4" => "An address is checked in the form in which it is stored, and emails go to that form.";
    "IN-5" => "Control characters are refused in every field.";
    "IN-6" => "Pictures are http(s) addresses that the server never fetches.";
    "IN-7" => "SQL is bound, and users are sorted and filtered by listed columns only.";
    "IN-8" => "Ten thousand seeded hostile requests get no 5xx, and the parsers keep their properties over what a fuzzer found.", missing("10^8 coverage-guided executions");
    "AC-1" => "Whatever a user names is looked for among what is theirs. Foreign ids are like unknown ones.";
    "AC-2" => "Each route for administrators asks for a permission, read from the database with the request.";
    "AC-3" => "Fields that a caller may not set are refused or ignored, in any spelling.";
    "AC-4" => "A change of role, a ban and a deletion count from the next request.";
    "AC-5" => "The last administrator stays, also when several leave at once.";
    "AC-6" => "An impersonation is short, marked and recorded, has no admin rights and cannot take the account over.";
    "AC-7" => "Roles are declared ones, and lists are bounded.";
    "AC-8" => "There is no default account. The first administrator is made at the command line or by a secret, once.";
    "AL-1" => "An external identity is linked by itself only where both sides verified the address.", not_yet("there is no sign-in by other providers");
    "AL-2" => "An address that a provider did not verify links nothing.", not_yet("there is no sign-in by other providers");
    "AL-3" => "An external identity is its issuer and subject, not its address.", not_yet("there is no sign-in by other providers");
    "AL-4" => "A new address is proved before it counts, and the last way to sign in stays.", missing("linking of accounts");
    "OA-1" => "OAuth uses the code flow with PKCE, state, nonce and a fixed redirect.", not_yet("there is no sign-in by other providers");
    "OA-2" => "The state of a flow works once, for the browser that began it.", not_yet("there is no sign-in by other providers");
    "OA-3" => "Failures of a provider lead to a checked address, and the issuer of an answer is checked.", not_yet("there is no sign-in by other providers");
    "OA-4" => "ID tokens are checked against the configured issuer, its keys and a list of algorithms.", not_yet("there is no sign-in by other providers");
    "ML-1" => "No request waits for the mail server. An email is a row of the transaction that it is about.";
    "ML-2" => "Names in emails are escaped, cut, and left out where they could carry a link.";
    "ML-3" => "The owner is told at the old address of changes to password, address and accounts.";
    "ML-4" => "Emails travel over TLS unless the relay is on this machine, and their links hold a token only.";
    "HD-1" => "Every answer has the headers that keep a browser from guessing types, leaking addresses and framing.";
    "HD-2" => "With an https base URL browsers are told to stay on https, for a year.";
    "HD-3" => "No header tells the version of anything.";
    "HD-4" => "No answer of the API is stored by caches, as SE-9 asks.";
    "HD-5" => "The error page shows codes only and reflects nothing.", missing("`error_description` is passed on to the application's page, as the protocol has it");
    "ER-1" => "Errors for clients tell nothing about the inside.";
    "ER-2" => "Errors are a code and a message.";
    "SK-1" => "No log line at any level has a password, token, cookie or secret.";
    "SK-2" => "Types of secrets print nothing, and are wiped when dropped.", missing("the text of request bodies is not wiped");
    "SK-3" => "Secrets come from the environment or from files, never from arguments.";
    "SK-4" => "Weak, short and well-known secrets stop the start. So does plain http elsewhere than on this machine.";
    "AU-1" => "Acts and reads of administrators, and all that is done to a user, are recorded; so are failed sign-ins. Later changes are noticed.";
    "AU-2" => "Events hold no secret and no address. Users see their own; all are kept for a configured time; the terminal is safe from their text.";
    "DT-1" => "No answer has a password hash or a token of somebody else.";
    "DT-2" => "Deletion leaves nothing of a user, an export has everything, and what expired is removed within a day.";
    "KR-1" => "Another secret makes all cookies invalid.";
    "KR-2" => "Several secrets at once verify, and the newest signs.";
    "DP-1" => "No unsafe code in this repository, the versions of all dependencies are pinned, and their licences and sources are checked.", checked(&[("Cargo.toml", "unsafe_code = \"forbid\""), ("Cargo.lock", "version = 4"), ("deny.toml", "unknown-registry = \"deny\""), ("xtask/src/ci.rs", "\"licenses\"")]), missing("advisories need a network and gate nothing");
    "DP-2" => "Releases are signed, can be reproduced and have a bill of materials.", not_yet("nothing was released");
    "DP-3" => "No OpenSSL is linked.", checked(&[("deny.toml", "crate = \"openssl-sys\""), ("deny.toml", "crate = \"native-tls\""), ("xtask/src/ci.rs", "\"bans\"")]);
    "DP-4" => "Security fixes are published as advisories, and a report is answered within 72 hours.", checked(&[("SECURITY.md", "within 72 hours"), ("SECURITY.md", "CVE")]);
    "RE-1" => "What was acknowledged is durable, also when the process is killed.";
    "RE-2" => "Operations on several rows are one transaction.";
    "RE-3" => "Of any number of sign-ups for one address, one succeeds.";
    "RE-4" => "Of any number of uses of one token, one has an effect; so with deletions.";
    "RE-5" => "Without its database the server answers 503 and goes on by itself when it returns.";
    "RE-6" => "No request waits without end for a connection, a lock or a statement.";
    "RE-7" => "Reading sessions stays fast while passwords are hashed.";
    "RE-8" => "A full queue of hashes is answered with 503 at once.";
    "RE-9" => "A server that is told to stop finishes what it does, and stops.";
    "RE-10" => "Emails are tried again, survive a crash and are sent at least once.";
    "RE-11" => "On a full disk writes are refused, reads go on, and nothing needs repair.";
    "RE-12" => "Migrations go forward only, wait for each other, and refuse a newer schema.";
    "RE-13" => "A client that sends slowly or nothing, or takes no answer, is not waited for.";
    "RE-14" => "Memory stays bounded under load.", missing("no test runs for an hour");
    "RE-15" => "Health and readiness tell no more than that.";
    "RE-16" => "Two nodes on one database agree within a second.";
    "RE-17" => "Without Redis sessions and limits go on.", not_yet("nothing uses Redis");
    "RE-18" => "A clock that jumps revives nothing and crashes nothing.";
    "RE-19" => "A backup restores to a working server.";
}
