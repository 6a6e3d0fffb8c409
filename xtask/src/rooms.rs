//! The grid of the house: every room has the same name on every floor.

use std::path::PathBuf;

use crate::shell::{Outcome, root};

pub(crate) const ROOMS: [&str; 7] = [
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
    for room in ROOMS {
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
