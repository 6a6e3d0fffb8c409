//! The rules of the house that neither compiler nor clippy knows.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::rooms::{FLOORS, GRID, STORES, place};
use crate::shell::{Outcome, cargo, output, root};

const LONGEST_FILE: usize = 450;

/// Who may depend on whom: the arrows point inward.
const ARROWS: [(&str, &[&str]); 8] = [
    ("doorward-domain", &[]),
    ("doorward-migration", &[]),
    ("doorward-application", &["doorward-domain"]),
    ("doorward-adapters", &["doorward-domain", "doorward-migration"]),
    (
        "doorward-web",
        &["doorward-adapters", "doorward-application", "doorward-domain"],
    ),
    (
        "doorward",
        &["doorward-application", "doorward-domain", "doorward-web"],
    ),
    (
        "doorward-testing",
        &[
            "doorward-adapters",
            "doorward-application",
            "doorward-domain",
            "doorward-web",
        ],
    ),
    ("xtask", &[]),
];

/// What the inner floors may use of the world: nothing that reads, writes, waits or speaks a protocol.
const PURE: [(&str, &[&str]); 2] = [
    (
        "doorward-domain",
        &[
            "async-trait",
            "chrono",
            "hex",
            "mockall",
            "psl",
            "sha2",
            "strsim",
            "thiserror",
            "unicode-normalization",
            "url",
            "zeroize",
        ],
    ),
    (
        "doorward-application",
        &[
            "async-trait",
            "chrono",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
            "url",
        ],
    ),
];

pub(crate) fn run() -> Outcome {
    let mut faults = arrows()?;
    faults.extend(rooms());
    faults.extend(crate::arrows::room_arrows()?);
    for file in sources()? {
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        faults.extend(
            in_file(&name, &text)
                .into_iter()
                .map(|fault| format!("{name}{fault}")),
        );
    }
    if faults.is_empty() {
        eprintln!("> the house is tidy");
        return Ok(());
    }
    Err(format!("the house is not tidy:\n  {}", faults.join("\n  ")))
}

fn arrows() -> Outcome<Vec<String>> {
    let text = output(&mut cargo(&[
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let place = package["manifest_path"].as_str().unwrap_or_default();
        // Examples are what others write: they may use everything.
        if place.starts_with(&*root().join("examples").to_string_lossy()) {
            continue;
        }
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        let needed: Vec<_> = dependencies
            .filter(|it| it["kind"].is_null())
            .filter_map(|it| it["name"].as_str())
            .collect();
        let allowed = ARROWS
            .iter()
            .find(|(owner, _)| *owner == name)
            .map_or(&[][..], |(_, allowed)| allowed);
        let ours = needed.iter().filter(|it| it.starts_with("doorward"));
        faults.extend(
            ours.filter(|it| !allowed.contains(it))
                .map(|it| format!("{name} must not depend on {it}")),
        );
        if let Some((_, pure)) = PURE.iter().find(|(owner, _)| *owner == name) {
            let foreign = needed
                .iter()
                .filter(|it| !it.starts_with("doorward") && !pure.contains(it));
            faults.extend(foreign.map(|it| format!("{name} must stay pure, and {it} is not on its list")));
        }
    }
    Ok(faults)
}

fn rooms() -> Vec<String> {
    let floors = FLOORS.iter().chain(&STORES);
    let missing = floors.flat_map(|(floor, without)| {
        let needed = GRID.iter().filter(|room| !without.contains(room));
        needed
            .filter(|room| place(floor, room).is_none())
            .map(move |room| format!("{floor} has no room {room}"))
    });
    missing.collect()
}

fn in_file(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let length = text.lines().count();
    if length > LONGEST_FILE {
        faults.push(format!(": {length} lines; a file has at most {LONGEST_FILE}"));
    }
    let outside_wiring = name.starts_with("crates/web/src/") && !name.starts_with("crates/web/src/wiring/");
    let may_lock = [
        "crates/adapters/",
        "crates/domain/src/locked.rs",
        "crates/testing/",
        "xtask/",
    ];
    let may_lock = may_lock.iter().any(|place| name.starts_with(place)) || name.contains("/tests/");
    // Through its reader alone, use-cases cannot write outside of a transaction.
    let may_hold_store = !["application", "web", "cli"]
        .iter()
        .any(|floor| name.starts_with(&format!("crates/{floor}/src/")))
        || name == "crates/application/src/context.rs"
        || name.starts_with("crates/web/src/wiring/");
    for (number, line) in (1..).zip(text.lines()) {
        if !may_lock && line.contains("Locked::by_store") {
            faults.push(format!(":{number}: only a store says that a row is locked"));
        }
        if line.ends_with(' ') || line.contains('\t') {
            faults.push(format!(":{number}: space at the end, or a tab"));
        }
        if !may_hold_store && line.contains("ports.store") {
            faults.push(format!(
                ":{number}: the store itself writes without a transaction; use `context.store()`"
            ));
        }
        if outside_wiring && line.contains("doorward_adapters") {
            faults.push(format!(":{number}: only wiring/ may name the adapters"));
        }
    }
    if !text.ends_with('\n') {
        faults.push(": no line break at the end".to_owned());
    }
    faults
}

/// All Rust sources of the repository.
pub(crate) fn sources() -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for directory in ["crates", "migration", "tests", "xtask"] {
        collect(&root().join(directory), &mut files).map_err(|error| format!("{directory}: {error}"))?;
    }
    Ok(files)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir()
            && path
                .file_name()
                .is_some_and(|name| name != "node_modules" && name != "target")
        {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
