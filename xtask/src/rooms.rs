//! The grid of the house: every room has the same name on every floor.

use std::path::PathBuf;

use crate::shell::{Outcome, root};

/// A room of the house.
pub(crate) struct Room {
    /// The name of its modules on every floor.
    pub(crate) name: &'static str,
    /// Other names its modules have as yet.
    pub(crate) aliases: &'static [&'static str],
    /// The rooms it may name. All others are none of its business.
    pub(crate) may_use: &'static [&'static str],
}

impl Room {
    /// Whether a module of this name is the room's.
    pub(crate) fn holds(&self, module: &str) -> bool {
        self.name == module || self.aliases.contains(&module)
    }
}

const fn room(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room {
        name,
        aliases: &[],
        may_use,
    }
}

/// The only list of rooms. Each may use those named and no other, on every floor; nothing here is a circle.
pub(crate) const ROOMS: &[Room] = &[
    room("fields", &[]),
    Room {
        name: "redirect",
        aliases: &["redirects"],
        may_use: &[],
    },
    room("audit", &[]),
    room("user", &["fields", "audit", "redirect"]),
    Room {
        name: "email",
        aliases: &["email", "outbox"],
        may_use: &["user", "audit"],
    },
    room("session", &["user", "fields", "audit"]),
    room("account", &["user", "session", "audit"]),
    room(
        "verification",
        &[
            "user", "session", "sign_in", "identity", "email", "redirect", "audit",
        ],
    ),
    room(
        "identity",
        &["user", "account", "session", "fields", "email", "audit"],
    ),
    room(
        "sign_in",
        &["user", "session", "identity", "fields", "audit", "redirect"],
    ),
    room(
        "password",
        &[
            "user",
            "account",
            "session",
            "identity",
            "sign_in",
            "verification",
            "email",
            "fields",
            "redirect",
            "audit",
        ],
    ),
    room(
        "username",
        &["user", "session", "identity", "sign_in", "password", "audit"],
    ),
    room(
        "access",
        &[
            "user",
            "account",
            "session",
            "identity",
            "sign_in",
            "password",
            "verification",
            "fields",
            "audit",
        ],
    ),
];

/// The rooms that every floor has to have, but for those it is said to do without.
pub(crate) const GRID: [&str; 7] = [
    "user",
    "access",
    "account",
    "password",
    "session",
    "verification",
    "email",
];

/// Floors, and the rooms they do without: emails are nobody's endpoint, hashes are no table, and
/// roles and bans are columns of the user.
pub(crate) const FLOORS: [(&str, &[&str]); 4] = [
    ("crates/domain/src", &[]),
    ("crates/application/src", &[]),
    (
        "crates/adapters/src",
        &["user", "access", "account", "session", "verification"],
    ),
    ("crates/web/src", &["email"]),
];

/// Where adapters keep what each port is answered with.
pub(crate) const STORES: [(&str, &[&str]); 2] = [
    ("crates/adapters/src/sea_orm", &["access", "password", "email"]),
    ("crates/adapters/src/memory", &["access", "password", "email"]),
];

/// The file or directory of a room on a floor.
pub(crate) fn place(floor: &str, room: &str) -> Option<PathBuf> {
    let floor = root().join(floor);
    let places = [floor.join(room), floor.join(format!("{room}.rs"))];
    places.into_iter().find(|place| place.exists())
}

pub(crate) fn print() -> Outcome {
    for room in GRID {
        eprintln!("{room}");
        for (floor, _) in FLOORS.iter().chain(&STORES) {
            if let Some(place) = place(floor, room) {
                let place = place
                    .strip_prefix(root())
                    .map_err(|error| error.to_string())?
                    .display()
                    .to_string();
                eprintln!("  {place}");
            }
        }
    }
    Ok(())
}
