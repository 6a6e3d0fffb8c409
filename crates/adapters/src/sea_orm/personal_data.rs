//! What every column of the database says about a person, and what the role of the database does with each table: a declaration
//! beside the schema.
//!
//! A test compares it with the columns that migrations make, so that no column is added without one.

use std::fmt::Write;

/// A table, and why it is kept.
#[derive(Clone, Copy, Debug)]
pub struct TableRecord {
    /// Its name.
    pub table: &'static str,
    /// Whose data it has.
    pub whose: &'static str,
    /// Why it is kept.
    pub why: &'static str,
    /// How long a row is kept.
    pub kept: &'static str,
    /// The rights on it that the role of the database needs. None of tables that only an option or a module uses.
    pub rights: &'static [&'static str],
    /// Its columns.
    pub columns: &'static [ColumnRecord],
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct ColumnRecord {
    /// Its name.
    pub column: &'static str,
    /// What it says about a person.
    pub class: Class,
    /// Whether the export of a user has it.
    pub export: Export,
    /// What it holds.
    pub holds: &'static str,
    /// How it is erased, if not with the row.
    pub erased: Option<&'static str>,
}

/// What a column says about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Something that a person can be recognised by, or that they or others said about them.
    Personal,
    /// An opaque id, or a fact about something that an opaque id names.
    Pseudonymous,
    /// A hash, a digest or an encrypted text.
    Secret,
    /// Nothing.
    Technical,
}

/// Whether the export of a user has what a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// As it is.
    Yes,
    /// That there is something, or of what kind.
    Existence,
    /// In the events and sessions of the user, unless it is about somebody else.
    Own,
    /// Not at all.
    No,
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Pseudonymous => "pseudonymous",
            Self::Secret => "secret",
            Self::Technical => "technical",
        }
    }
}

impl Export {
    const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Existence => "that it exists",
            Self::Own => "the user's own",
            Self::No => "no",
        }
    }
}

/// Makes the list. The lines are long, and rustfmt leaves them as they are.
macro_rules! tables {
    ($($table:literal of $whose:literal, for $why:literal, kept $kept:literal, role $rights:ident {
        $($column:literal $class:ident $export:ident $holds:literal $(, $erased:literal)?;)+
    })+) => {
        /// Every table that migrations make.
        pub const TABLES: &[TableRecord] = &[$(TableRecord {
            table: $table,
            whose: $whose,
            why: $why,
            kept: $kept,
            rights: $rights,
            columns: &[$(ColumnRecord {
                column: $column,
                class: Class::$class,
                export: Export::$export,
                holds: $holds,
                erased: tables!(@erased $($erased)?),
            },)+],
        },)+];
    };
    (@erased) => { None };
    (@erased $erased:literal) => { Some($erased) };
}

const ALL: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];
const KEEP: &[&str] = &["SELECT", "INSERT", "UPDATE"];
const READ: &[&str] = &["SELECT"];
const NONE: &[&str] = &[];

tables! {
    "user" of "the users", for "the account itself", kept "until the user is deleted; after a deletion that can be undone, until `user.delete_user.retention` is over", role ALL {
        "id" Pseudonymous Yes "a random id with the time of the sign-up";
        "name" Personal Yes "the display name";
        "email" Personal Yes "the address", "replaced by a placeholder made of the id at a deletion that can be undone";
        "emailVerified" Pseudonymous Yes "whether the address was verified";
        "image" Personal Yes "the URL of a picture";
        "createdAt" Pseudonymous Yes "when the user signed up";
        "updatedAt" Pseudonymous Yes "when the row last changed";
        "username" Personal Yes "the username", "emptied at a deletion that can be undone";
        "displayUsername" Personal Yes "the username as it was typed";
        "role" Pseudonymous Yes "the roles";
        "banned" Personal Yes "whether the user is banned";
        "banReason" Personal Yes "why, as an administrator wrote it";
        "banExpires" Personal Yes "when the ban ends";
        "deletedAt" Pseudonymous Yes "when the user was deleted";
        "deletedEmail" Personal Yes "the address before the deletion, so that the user can be restored";
        "deletedUsername" Personal Yes "the username before the deletion";
    }
    "session" of "the users", for "staying signed in, and seeing where", kept "until it expires or is ended; expired rows are removed every ten minutes", role ALL {
        "id" Pseudonymous Yes "a random id";
        "userId" Pseudonymous Yes "whose it is";
        "token" Secret No "the SHA-256 of the token; under `better-auth` the token";
        "expiresAt" Pseudonymous Yes "when it expires";
        "createdAt" Pseudonymous Yes "when the user signed in";
        "updatedAt" Pseudonymous Yes "when it was last extended";
        "ipAddress" Personal Own "the address of the client";
        "userAgent" Personal Own "the browser";
        "impersonatedBy" Pseudonymous Existence "the administrator who impersonates the user";
        "adoptedAt" Technical No "when a token of Better Auth was rewritten";
        "amr" Pseudonymous Yes "how the user signed in";
        "authenticatedAt" Pseudonymous Yes "when the user signed in";
        "browserSession" Technical Yes "whether it ends with the browser";
    }
    "account" of "the users", for "signing in", kept "until it is unlinked or the user is removed", role ALL {
        "id" Pseudonymous Yes "a random id";
        "accountId" Personal Yes "the user's id, or the id at another provider";
        "providerId" Pseudonymous Yes "`credential`, or the other provider";
        "userId" Pseudonymous Yes "whose it is";
        "accessToken" Secret No "a token of another provider, left by Better Auth";
        "refreshToken" Secret No "a token of another provider, left by Better Auth";
        "idToken" Secret No "a token of another provider, left by Better Auth; it may hold name and address";
        "accessTokenExpiresAt" Pseudonymous No "when that token expires";
        "refreshTokenExpiresAt" Pseudonymous No "when that token expires";
        "scope" Pseudonymous Yes "what the provider allows";
        "password" Secret Existence "the hash of the password";
        "createdAt" Pseudonymous Yes "when it was added";
        "updatedAt" Pseudonymous Yes "when it changed, as with a new password";
    }
    "verification" of "the users", for "links in emails", kept "until the link was followed or cancelled, or it expires; expired rows are removed every ten minutes", role ALL {
        "id" Technical No "a random id, or what the mark is about";
        "identifier" Secret Existence "the purpose, and the SHA-256 of the token";
        "value" Personal No "what the link does: the user's id, and the address it was sent to or will change to";
        "expiresAt" Pseudonymous Yes "when it expires";
        "createdAt" Pseudonymous Yes "when it was made";
        "updatedAt" Pseudonymous No "the same";
        "userId" Pseudonymous Yes "whose it is";
    }
    "doorward_outbox" of "the recipients", for "sending emails", kept "until the email was sent, a day at most", role ALL {
        "id" Technical No "a random id";
        "sealed" Secret Existence "address, name, link and text, encrypted";
        "attempts" Technical Yes "how often sending failed";
        "dueAt" Technical No "when it is tried next";
        "createdAt" Pseudonymous Yes "when it was written";
        "leaseUntil" Technical No "until when a server is sending it";
    }
    "doorward_audit_event" of "the users, and those who act on them", for "finding out what happened", kept "for a year, unless `audit.retention` says otherwise", role ALL {
        "id" Technical No "the id of the request, and a number";
        "kind" Pseudonymous Yes "what happened";
        "at" Pseudonymous Yes "when";
        "actorKind" Pseudonymous Yes "user, operator, system or anonymous";
        "actorId" Pseudonymous Own "who did it", "stays";
        "sessionId" Pseudonymous No "the session it was done with", "stays";
        "impersonatedBy" Pseudonymous Existence "the administrator who impersonated the user", "stays";
        "subjectId" Pseudonymous Own "to whom", "stays";
        "requestId" Technical No "the request", "stays";
        "ipAddress" Personal Own "the address of the client", "emptied with the user who acted";
        "userAgent" Personal Own "the browser", "emptied with the user who acted";
        "outcome" Pseudonymous Yes "whether it was done";
        "details" Pseudonymous Own "more about it, such as a role; never an address", "emptied with the user who acted";
        "salt" Secret No "a random text, without which the commitment tells nothing", "emptied with the user who acted";
        "commitment" Secret No "a digest of salt, address, browser and details", "stays";
        "signature" Technical No "the server's signature of the event", "stays";
        "seq" Technical No "the number in the chain", "stays";
        "seal" Technical No "the signature of the event and the seal before", "stays";
    }
    "doorward_audit_chain" of "nobody", for "knowing where the chain of audit events begins and ends", kept "for ever", role KEEP {
        "id" Technical No "always the same";
        "beginSeq" Technical No "the number of the last event whose retention is over";
        "beginSeal" Technical No "its seal";
        "endSeq" Technical No "the number of the last event that is sealed";
        "endSeal" Technical No "its seal";
        "unsignedUntil" Technical No "up to which number events may lack a signature";
        "signature" Technical No "the server's signature of all that";
    }
    "doorward_device" of "the users", for "telling the owner's browsers from those of others", kept "until it was not used for 180 days, or the password changed, or the user is removed", role ALL {
        "id" Pseudonymous Yes "a random id";
        "userId" Pseudonymous Yes "whose it is";
        "digest" Secret No "the SHA-256 of the browser's token";
        "firstSeen" Pseudonymous Yes "when the user signed in there first";
        "lastSeen" Pseudonymous Yes "when the user signed in there last";
    }
    "doorward_budget" of "whoever is signed in as, or written to", for "limiting wrong passwords and emails", kept "until it is full again, a day at most by default", role ALL {
        "id" Pseudonymous No "the SHA-256 of what is limited and of whose it is, such as an address";
        "owner" Pseudonymous No "the same without the part, such as the kind of email";
        "used" Technical No "how often";
        "notBefore" Technical No "when the next is allowed";
        "expiresAt" Technical No "when it is forgotten";
    }
    "rateLimit" of "clients", for "limiting requests, with `rate_limit.storage = \"database\"`", kept "a day after the last request", role NONE {
        "id" Technical No "a random id";
        "key" Personal No "the address of the client, and the path";
        "count" Technical No "how many requests";
        "lastRequest" Technical No "when the last one was";
    }
    "doorward_key_check" of "nobody", for "noticing that the secret was lost", kept "for ever", role KEEP {
        "id" Technical No "always the same";
        "fingerprint" Secret No "a fingerprint of the secret";
        "updatedAt" Technical No "when it was written";
    }
    "doorward_migration" of "nobody", for "knowing the state of the schema", kept "for ever", role READ {
        "version" Technical No "a step of the schema";
        "applied_at" Technical No "when it was taken";
    }
    "doorward_module_migration" of "nobody", for "knowing the state of the schema", kept "for ever", role NONE {
        "module" Technical No "a module";
        "step" Technical No "a step of its schema";
    }
}

const INTRODUCTION: &str = "\
# Personal data

Generated by `cargo xtask personal-data` from `crates/adapters/src/sea_orm/personal_data.rs`. It lists every column that migrations
make. CI fails if a column has no line here.

*About a person*: `personal` data say something about somebody or can be recognised; `pseudonymous` data do so only together with
the table `user`; a `secret` is a hash, a digest or encrypted; `technical` data say nothing. *Export*: whether `GET /export-user`,
`GET /admin/export-user` and `doorward user export` have it. *Erased*: how, if not with the row.

Columns of `user.additional_fields` and `session.additional_fields` are in the same rows and the same export; a field with
`returned = false` is named there without its value. Tables of modules are theirs to describe. A module adds them to the export by
an `ExportPart` in its hooks, and removes them by a foreign key that cascades or by a hook of the deletion.
";

/// The declaration as Markdown.
#[must_use]
pub fn personal_data_map() -> String {
    let mut text = INTRODUCTION.to_owned();
    for record in TABLES {
        let TableRecord {
            table,
            whose,
            why,
            kept,
            rights: _,
            columns,
        } = record;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n## `{table}`\n\nWhose: {whose}. Why: {why}. How long: {kept}.\n\n\
             | Column | What it holds | About a person | Export | Erased |\n| --- | --- | --- | --- | --- |\n"
        );
        for column in *columns {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} |",
                column.column,
                column.holds,
                column.class.name(),
                column.export.name(),
                column.erased.unwrap_or("with the row")
            );
        }
    }
    text
}
