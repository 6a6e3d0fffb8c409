//! The list of rooms, and the table of them in ARCHITECTURE.md.

use std::fmt::Write;
use std::fs;

use crate::generated::settle;
use crate::shell::{Outcome, root};

/// A feature: one module of the same name in each crate that has a part of it.
pub(crate) struct Room {
    /// The name of its modules.
    pub(crate) name: &'static str,
    /// Other names its modules have as yet.
    pub(crate) aliases: &'static [&'static str],
    /// What it is about, for the table.
    pub(crate) about: &'static str,
    /// The rooms it may name. It must not name any other.
    pub(crate) may_use: &'static [&'static str],
}

impl Room {
    /// Whether a module of this name is the room's.
    pub(crate) fn holds(&self, module: &str) -> bool {
        self.name == module || self.aliases.contains(&module)
    }
}

/// What every room and the kernel of the web floor may use: the words of the configuration and of the protocol that belong
/// to no room. They use no room.
pub(crate) const FOUNDATIONS: &[Room] = &[
    Room {
        name: "fields",
        aliases: &[],
        about: "columns that an application adds to users and sessions",
        may_use: &[],
    },
    Room {
        name: "rate_limit",
        aliases: &["budget"],
        about: "how often a client may ask, and budgets of attempts and emails; tables `rateLimit`, `doorward_budget`",
        may_use: &[],
    },
    Room {
        name: "redirect",
        aliases: &["redirects"],
        about: "origins, patterns of trusted origins, and where a redirect may lead",
        may_use: &[],
    },
];

/// The only list of rooms. Each may use the foundations and those named and no other, on every floor. A room names only
/// rooms above it, so there is no circle.
pub(crate) const ROOMS: &[Room] = &[
    Room {
        name: "audit",
        aliases: &[],
        about: "audit events, recorded in the transaction that they are about, and what is refused; table `doorward_audit_event`",
        may_use: &[],
    },
    Room {
        name: "user",
        aliases: &[],
        about: "`User`, `Email`, name, username, roles and bans of a user, queries; how a user looks on the wire; table `user`",
        may_use: &["audit"],
    },
    Room {
        name: "device",
        aliases: &[],
        about: "known devices: the browsers in which a user has signed in; table `doorward_device`",
        may_use: &["user", "audit"],
    },
    Room {
        name: "session",
        aliases: &[],
        about: "tokens, lifetimes, `Authentication`, the session cache; read, list, revoke, sign out, update; extractors, cookies, `/get-session`, `/list-sessions`; table `session`",
        may_use: &["user", "device", "audit"],
    },
    Room {
        name: "email",
        aliases: &["outbox"],
        about: "emails, the outbox and its delivery, SMTP and terminal mailers, templates; table `doorward_outbox`",
        may_use: &["user", "audit"],
    },
    Room {
        name: "account",
        aliases: &[],
        about: "ways to sign in and stored password hashes; `/list-accounts`, `/unlink-account`; table `account`",
        may_use: &["user", "session", "email", "audit"],
    },
    Room {
        name: "sign_in",
        aliases: &[],
        about: "the session issuer, second factors, and how a sign-in is answered",
        may_use: &["user", "device", "session", "email", "audit"],
    },
    Room {
        name: "verification",
        aliases: &[],
        about: "purposes and claims of emailed tokens; make, send and follow links; `/verify-email`, `/send-verification-email`; table `verification`",
        may_use: &["user", "device", "session", "email", "sign_in", "audit"],
    },
    Room {
        name: "identity",
        aliases: &[],
        about: "how a user is created, deleted and locked for administration, whatever the endpoint",
        may_use: &[
            "user",
            "device",
            "session",
            "email",
            "account",
            "sign_in",
            "verification",
            "audit",
        ],
    },
    Room {
        name: "export",
        aliases: &[],
        about: "everything held about a user as one JSON document; `/export-user`",
        may_use: &[
            "user",
            "device",
            "session",
            "account",
            "email",
            "verification",
            "audit",
        ],
    },
    Room {
        name: "password",
        aliases: &[],
        about: "policy and hashing (Argon2id, imported hashes); sign up, sign in, change, reset, verify; `/sign-up/email`, `/sign-in/email`, `/reset-password`, …",
        may_use: &[
            "user",
            "device",
            "session",
            "account",
            "email",
            "sign_in",
            "verification",
            "identity",
            "audit",
        ],
    },
    Room {
        name: "access",
        aliases: &[],
        about: "permissions and the policy; what administrators and operators do, each use-case checking who asks; guards for a team's own routes; `/admin/…`",
        may_use: &[
            "user",
            "device",
            "session",
            "email",
            "account",
            "sign_in",
            "verification",
            "identity",
            "export",
            "password",
            "audit",
        ],
    },
    Room {
        name: "audit_log",
        aliases: &[],
        about: "reading the audit log: `/list-events`, `/admin/list-events`, `doorward audit`",
        may_use: &["user", "session", "access", "audit"],
    },
    Room {
        name: "profile",
        aliases: &[],
        about: "what users do with their own record: `/update-user`, `/change-email`, `/delete-user`",
        may_use: &[
            "user",
            "session",
            "email",
            "verification",
            "identity",
            "password",
            "access",
            "audit",
        ],
    },
    Room {
        name: "username",
        aliases: &[],
        about: "`/sign-in/username`, `/is-username-available`",
        may_use: &["user", "session", "sign_in", "password", "profile"],
    },
];

/// A crate with rooms, and the directories in which their modules are.
pub(crate) struct Floor {
    pub(crate) name: &'static str,
    pub(crate) directories: &'static [&'static str],
}

/// The two implementations of the store.
const STORES: [&str; 2] = ["crates/adapters/src/sea_orm/", "crates/adapters/src/memory/"];

pub(crate) const FLOORS: [Floor; 4] = [
    Floor {
        name: "domain",
        directories: &["crates/domain/src/"],
    },
    Floor {
        name: "application",
        directories: &["crates/application/src/"],
    },
    Floor {
        name: "adapters",
        directories: &[STORES[0], STORES[1], "crates/adapters/src/"],
    },
    Floor {
        name: "web",
        directories: &["crates/web/src/"],
    },
];

const DOCUMENT: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- rooms: xtask/src/rooms.rs -->\n";
const END: &str = "<!-- end of rooms -->";

/// Writes the table of rooms into ARCHITECTURE.md.
pub(crate) fn document(check: bool) -> Outcome {
    let text = fs::read_to_string(root().join(DOCUMENT)).map_err(|error| format!("{DOCUMENT}: {error}"))?;
    settle(DOCUMENT, &filled(&text, &table(exists))?, check, "rooms")
}

/// The document with this table in place of the one it has.
fn filled(text: &str, table: &str) -> Outcome<String> {
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| format!("{DOCUMENT} has no {} … {END}", BEGIN.trim_end()))?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

fn table(exists: impl Fn(&str, &str) -> bool) -> String {
    let mut table = "| Room | What it is | May use | Crates |\n| --- | --- | --- | --- |\n".to_owned();
    for room in FOUNDATIONS.iter().chain(ROOMS) {
        let is_foundation = FOUNDATIONS.iter().any(|it| it.name == room.name);
        let may_use = match room.may_use {
            [] if is_foundation => "nothing; every room may use it".to_owned(),
            [] => "nothing".to_owned(),
            names => names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let on = |floor: &&Floor| floor.directories.iter().any(|it| has(&exists, it, room));
        let crates: Vec<_> = FLOORS.iter().filter(on).map(|floor| floor.name).collect();
        let (name, about, crates) = (room.name, room.about, crates.join(", "));
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{name}` | {about} | {may_use} | {crates} |");
    }
    table
}

/// The rooms of the list that are nowhere, and those that only one of the two stores has.
pub(crate) fn missing() -> Vec<String> {
    faults(ROOMS, exists)
}

fn faults(rooms: &[Room], exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for room in rooms {
        let mut directories = FLOORS.iter().flat_map(|floor| floor.directories);
        if !directories.any(|directory| has(&exists, directory, room)) {
            faults.push(format!("no crate has the room {}", room.name));
        }
        let [here, there] = STORES.map(|store| has(&exists, store, room));
        if here != there {
            let store = if here { STORES[1] } else { STORES[0] };
            faults.push(format!(
                "{store} has no room {}, and the other store has one",
                room.name
            ));
        }
    }
    faults
}

fn has(exists: impl Fn(&str, &str) -> bool, directory: &str, room: &Room) -> bool {
    let mut names = room.aliases.iter().chain([&room.name]);
    names.any(|name| exists(directory, name))
}

/// Whether a directory has a module.
fn exists(directory: &str, module: &str) -> bool {
    let directory = root().join(directory);
    directory.join(module).is_dir() || directory.join(format!("{module}.rs")).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room {
        name: "email",
        aliases: &["outbox"],
        about: "",
        may_use: &[],
    };

    #[test]
    fn a_room_without_a_module_is_missing() {
        assert_eq!(faults(&[ROOM], |_, _| false), ["no crate has the room email"]);
        assert_eq!(faults(&[ROOM], |_, module| module == "email"), [""; 0]);
        assert_eq!(
            faults(&[ROOM], |_, module| module == "outbox"),
            [""; 0],
            "by another name"
        );
    }

    #[test]
    fn both_stores_have_the_same_rooms() {
        assert_eq!(
            faults(&[ROOM], |directory, _| directory != STORES[1]),
            ["crates/adapters/src/memory/ has no room email, and the other store has one"]
        );
        assert_eq!(
            faults(&[ROOM], |directory, _| directory != STORES[0]),
            ["crates/adapters/src/sea_orm/ has no room email, and the other store has one"]
        );
    }

    #[test]
    fn the_table_has_a_line_for_each_room_with_what_it_may_use_and_where_it_is() {
        let table = table(|directory, module| directory == "crates/web/src/" && module == "redirects");
        assert_eq!(table.lines().count(), 2 + FOUNDATIONS.len() + ROOMS.len());
        let line = |name: &str| {
            table
                .lines()
                .find(|line| line.starts_with(&format!("| `{name}` |")))
        };
        assert!(
            line("redirect")
                .unwrap()
                .ends_with("| nothing; every room may use it | web |")
        );
        assert!(line("user").unwrap().ends_with("| `audit` |  |"));
        assert!(line("audit").unwrap().ends_with("| nothing |  |"));
        assert!(
            table.lines().all(|line| line.matches('|').count() == 5),
            "no cell has a `|`"
        );
    }

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let text = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let filled = filled(&text, "new\n").unwrap();
        assert_eq!(filled, format!("before\n{BEGIN}\nnew\n\n{END}\nafter\n"));
        assert!(super::filled("before\n", "new\n").is_err());
    }
}
