//! The arrows between rooms: which room names which other.

use crate::paths::{is_word, statements, tree};
use crate::rooms::{FLOORS, FOUNDATIONS, ROOMS, Room};
use crate::shell::Outcome;
use crate::sources::{Source, sources};

/// What a path may begin with to mean the root of a floor.
const ROOTS: [&str; 4] = [
    "crate::",
    "doorward_domain::",
    "doorward_application::",
    "doorward_web::",
];

/// The files of the web floor that all rooms stand on, and that know none: the foundations are all they name.
const KERNEL: [&str; 13] = [
    "api",
    "state",
    "request_guard",
    "body",
    "error",
    "response",
    "json",
    "query",
    "configuration",
    "cookies",
    "cookie_cache",
    "bearer",
    "client_address",
];

/// Every arrow of these sources that the list does not allow.
pub(crate) fn room_arrows(sources: &[Source]) -> Vec<String> {
    let mut faults: Vec<_> = sources
        .iter()
        .flat_map(|source| forbidden(ROOMS, &source.name, &source.text))
        .collect();
    faults.sort();
    faults
}

/// Fails if there is one.
pub(crate) fn report() -> Outcome {
    let faults = room_arrows(&sources()?);
    if faults.is_empty() {
        eprintln!("> every arrow between rooms is allowed");
        return Ok(());
    }
    Err(format!(
        "{} arrows between rooms are not allowed:\n  {}",
        faults.len(),
        faults.join("\n  ")
    ))
}

/// The forbidden arrows that begin in this file, each with its line.
fn forbidden(rooms: &[Room], path: &str, text: &str) -> Vec<String> {
    let Some(place) = Place::of(rooms, path) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    for (number, line) in statements(text) {
        for room in place.named(rooms, &line) {
            let fault = match place.home {
                Home::Room(own) if own.name == room || own.may_use.contains(&room) => continue,
                Home::Room(own) => format!("{path}:{number}: {} must not use {room}", own.name),
                Home::Kernel => format!("{path}:{number}: the kernel must not use {room}"),
            };
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    faults
}

#[derive(Clone, Copy)]
enum Home<'a> {
    Room(&'a Room),
    Kernel,
}

/// Where a file stands.
struct Place<'a> {
    home: Home<'a>,
    /// How many `super::` lead from its own items to the floor's root.
    depth: usize,
}

impl<'a> Place<'a> {
    fn of(rooms: &'a [Room], path: &str) -> Option<Self> {
        let mut directories = FLOORS.iter().flat_map(|floor| floor.directories);
        let floor = directories.find(|directory| path.starts_with(**directory))?;
        let modules = path[floor.len()..].strip_suffix(".rs")?;
        let mut modules: Vec<_> = modules.split('/').collect();
        if modules.last() == Some(&"mod") {
            modules.pop();
        }
        let first = *modules.first()?;
        let mut homes = FOUNDATIONS.iter().chain(rooms);
        let home = match homes.find(|room| room.holds(first)) {
            Some(room) => Home::Room(room),
            None if floor.ends_with("web/src/") && KERNEL.contains(&first) => Home::Kernel,
            None => return None,
        };
        let depth = modules.len();
        Some(Self { home, depth })
    }

    /// The rooms that are named in a line.
    fn named(&self, rooms: &'a [Room], line: &str) -> Vec<&'a str> {
        let above = "super::".repeat(self.depth);
        let mut named = Vec::new();
        for start in ROOTS.iter().copied().chain([above.as_str()]) {
            for (position, _) in line.match_indices(start) {
                let before = line[..position].chars().next_back();
                if before.is_some_and(|character| is_word(character) || character == ':') {
                    continue;
                }
                for path in tree(&line[position + start.len()..]) {
                    let first = path.first();
                    named.extend(first.and_then(|name| rooms.iter().find(|room| room.holds(name))));
                }
            }
        }
        named.into_iter().map(|room| room.name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: &[Room] = &[
        Room {
            name: "session",
            aliases: &[],
            about: "",
            may_use: &["user"],
        },
        Room {
            name: "user",
            aliases: &[],
            about: "",
            may_use: &[],
        },
        Room {
            name: "email",
            aliases: &["mail"],
            about: "",
            may_use: &["user"],
        },
    ];

    fn faults(path: &str, text: &str) -> Vec<String> {
        forbidden(HOUSE, path, text)
    }

    #[test]
    fn an_allowed_arrow_passes() {
        let uses = "use crate::user::User;\nuse doorward_domain::{UserId, user::{Email, User}};\nuse super::token::Token;\n";
        for path in [
            "crates/domain/src/session/entity.rs",
            "crates/web/src/session/mod.rs",
        ] {
            assert_eq!(faults(path, uses), [""; 0], "{path}");
        }
        assert_eq!(
            faults("crates/domain/src/user/entity.rs", "use crate::user::Email;\n"),
            [""; 0]
        );
    }

    #[test]
    fn a_forbidden_arrow_fails_however_it_is_written() {
        let path = "crates/domain/src/user/entity.rs";
        for line in [
            "use crate::session::Session;",
            "use crate::{text::Text, session::Session};",
            "use crate::{\n    text::Text,\n    session::Session,\n};",
            "use doorward_application::session::Door;",
            "use super::super::session::Session;",
            "pub(crate) use crate::session::Session;",
            "fn of(session: &crate::session::Session) {}",
        ] {
            let found = faults(path, &format!("//! Users.\n{line}\n"));
            assert_eq!(found, [format!("{path}:2: user must not use session")], "{line}");
        }
        let found = faults("crates/web/src/user/mod.rs", "use super::session::Cookies;\n");
        assert_eq!(found.len(), 1, "`super` of mod.rs is the floor's root");
        let found = faults(
            "crates/application/src/user/delete.rs",
            "use crate::email::Post;\n",
        );
        assert_eq!(
            found,
            ["crates/application/src/user/delete.rs:1: user must not use email"]
        );
    }

    #[test]
    fn the_kernel_knows_no_room() {
        let line = "use crate::session::bearer;\n";
        assert_eq!(
            faults("crates/web/src/request_guard.rs", line),
            ["crates/web/src/request_guard.rs:1: the kernel must not use session"]
        );
        assert_eq!(faults("crates/web/src/wiring/app_factory.rs", line), [""; 0]);
    }

    #[test]
    fn comments_tests_and_names_within_a_room_are_no_arrows() {
        let text = "/// See [`Session`](crate::session::Session).\nuse super::session::Local;\n#[cfg(test)]\nmod tests {\n    use crate::session::Session;\n}\n";
        assert_eq!(faults("crates/domain/src/user/entity.rs", text), [""; 0]);
    }

    #[test]
    fn a_room_uses_only_rooms_above_it_so_there_is_no_circle() {
        for (position, room) in ROOMS.iter().enumerate() {
            for other in room.may_use {
                assert!(
                    ROOMS[..position].iter().any(|above| above.name == *other),
                    "{} uses {other}, which does not stand above it",
                    room.name
                );
            }
        }
        assert!(FOUNDATIONS.iter().all(|foundation| foundation.may_use.is_empty()));
    }

    #[test]
    fn the_table_refuses_what_it_does_not_list() {
        let file = "crates/domain/src/user/entity.rs";
        let line = "use crate::session::Session;\n";
        assert_eq!(
            forbidden(ROOMS, file, line),
            [format!("{file}:1: user must not use session")]
        );
        for foundation in FOUNDATIONS {
            let file = format!("crates/domain/src/{}.rs", foundation.name);
            assert_eq!(
                forbidden(ROOMS, &file, line),
                [format!("{file}:1: {} must not use session", foundation.name)]
            );
            let line = format!("use crate::{}::Word;\n", foundation.name);
            for file in ["crates/domain/src/user/entity.rs", "crates/web/src/state.rs"] {
                assert_eq!(forbidden(ROOMS, file, &line), [""; 0], "{file} {line}");
            }
        }
    }
}
