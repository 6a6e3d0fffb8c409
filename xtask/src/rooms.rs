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

/// What every room and the kernel of the web floor may use: the words of the configuration and of the protocol that belong
/// to no room. They use nobody.
pub(crate) const FOUNDATIONS: &[Room] = &[
    room("fields", &[]),
    Room {
        name: "redirect",
        aliases: &["redirects"],
        may_use: &[],
    },
];

/// The only list of rooms. Each may use the foundations and those named and no other, on every floor. A room names only
/// rooms above it, so there is no circle.
pub(crate) const ROOMS: &[Room] = &[
    room("audit", &[]),
    room("user", &["audit"]),
    room("session", &["user", "audit"]),
    room("account", &["user", "session", "audit"]),
    Room {
        name: "email",
        aliases: &["outbox"],
        may_use: &["user", "audit"],
    },
    room("sign_in", &["user", "session", "audit"]),
    room("verification", &["user", "session", "email", "sign_in", "audit"]),
    room(
        "identity",
        &["user", "session", "account", "sign_in", "verification", "audit"],
    ),
    room(
        "password",
        &[
            "user",
            "session",
            "account",
            "email",
            "sign_in",
            "verification",
            "identity",
            "audit",
        ],
    ),
    room(
        "access",
        &[
            "user",
            "session",
            "account",
            "sign_in",
            "verification",
            "identity",
            "password",
            "audit",
        ],
    ),
    room(
        "profile",
        &[
            "user",
            "session",
            "email",
            "verification",
            "identity",
            "password",
            "access",
            "audit",
        ],
    ),
    room("username", &["user", "session", "sign_in", "password", "profile"]),
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

/// Floors, and the rooms they do without: emails are nobody's endpoint, hashes are no table, roles and bans are columns of the
/// user, and no verb is about the user alone: they are in `profile`, `identity` and `access`.
pub(crate) const FLOORS: [(&str, &[&str]); 4] = [
    ("crates/domain/src", &[]),
    ("crates/application/src", &["user"]),
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
