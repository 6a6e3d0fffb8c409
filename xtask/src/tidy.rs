//! The rules of this repository that neither compiler nor clippy checks.

use serde_json::Value;

use crate::circles::circles;
use crate::rooms;
use crate::shell::{Outcome, cargo, output, root};
use crate::sources::{Source, sources};

const LONGEST_FILE: usize = 450;

/// Who may depend on whom: the arrows point inward.
const ARROWS: [(&str, &[&str]); 8] = [
    ("doorward-domain", &[]),
    ("doorward-migration", &[]),
    ("doorward-application", &["doorward-domain"]),
    ("doorward-adapters", &["doorward-domain", "doorward-migration"]),
    (
        "doorward-web",
        &[
            "doorward-adapters",
            "doorward-application",
            "doorward-domain",
            "doorward-migration",
        ],
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
            "doorward-migration",
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
    faults.extend(rooms::missing());
    let sources = sources()?;
    faults.extend(crate::arrows::room_arrows(&sources));
    faults.extend(circles(
        sources.iter().map(|it| (it.name.as_str(), it.text.as_str())),
    ));
    for Source { name, text } in &sources {
        let found = in_file(name, text);
        faults.extend(found.into_iter().map(|fault| format!("{name}{fault}")));
    }
    if faults.is_empty() {
        eprintln!("> the house is tidy");
        return Ok(());
    }
    Err(format!("the house is not tidy:\n  {}", faults.join("\n  ")))
}

/// The dependencies between the crates of the workspace that the lists do not allow.
fn arrows() -> Outcome<Vec<String>> {
    let text = output(&mut cargo(&[
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    let metadata = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    Ok(forbidden_dependencies(&metadata))
}

fn forbidden_dependencies(metadata: &Value) -> Vec<String> {
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
    faults
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dependencies(package: &str, manifest: &str, dependencies: &Value) -> Vec<String> {
        let manifest = root().join(manifest).display().to_string();
        let package = json!({ "name": package, "manifest_path": manifest, "dependencies": dependencies });
        forbidden_dependencies(&json!({ "packages": [package] }))
    }

    #[test]
    fn a_crate_depends_only_on_those_it_may() {
        let of = |package: &str, needed: &str| {
            let needed = json!([{ "name": needed, "kind": null }]);
            dependencies(package, "crates/it/Cargo.toml", &needed)
        };
        for (package, needed) in [
            ("doorward-domain", "doorward-application"),
            ("doorward-application", "doorward-adapters"),
            ("doorward-adapters", "doorward-application"),
            ("doorward-application", "doorward-migration"),
            ("doorward", "doorward-adapters"),
            ("doorward-migration", "doorward-domain"),
            ("xtask", "doorward"),
            ("doorward-unheard-of", "doorward-domain"),
        ] {
            let expected = format!("{package} must not depend on {needed}");
            assert_eq!(of(package, needed), [expected]);
        }
        assert_eq!(of("doorward-application", "doorward-domain"), [""; 0]);
        assert_eq!(of("doorward-web", "actix-web"), [""; 0]);
    }

    #[test]
    fn domain_and_application_need_no_crate_that_does_input_or_output() {
        for (package, needed) in [
            ("doorward-domain", "serde"),
            ("doorward-domain", "tokio"),
            ("doorward-application", "actix-web"),
            ("doorward-application", "sea-orm"),
        ] {
            let needed_list = json!([{ "name": needed, "kind": null }]);
            let found = dependencies(package, "crates/it/Cargo.toml", &needed_list);
            assert_eq!(
                found,
                [format!(
                    "{package} must stay pure, and {needed} is not on its list"
                )]
            );
        }
    }

    #[test]
    fn tests_and_examples_may_need_everything() {
        let for_tests = json!([{ "name": "doorward-testing", "kind": "dev" }]);
        assert_eq!(
            dependencies("doorward-domain", "crates/it/Cargo.toml", &for_tests),
            [""; 0]
        );
        let needed = json!([{ "name": "doorward-adapters", "kind": null }]);
        assert_eq!(
            dependencies("own-user-store", "examples/it/Cargo.toml", &needed),
            [""; 0]
        );
    }

    #[test]
    fn a_file_has_a_greatest_length() {
        let name = "crates/domain/src/text.rs";
        assert_eq!(in_file(name, &"line\n".repeat(LONGEST_FILE)), [""; 0]);
        assert_eq!(
            in_file(name, &"line\n".repeat(LONGEST_FILE + 1)),
            [": 451 lines; a file has at most 450"]
        );
    }

    #[test]
    fn lines_end_without_space_and_have_no_tab() {
        for text in ["one\ntwo \n", "one\n\ttwo\n"] {
            assert_eq!(
                in_file("crates/domain/src/text.rs", text),
                [":2: space at the end, or a tab"]
            );
        }
        assert_eq!(
            in_file("crates/domain/src/text.rs", "one"),
            [": no line break at the end"]
        );
    }

    #[test]
    fn only_a_store_says_that_a_row_is_locked() {
        let text = "let user = Locked::by_store(user);\n";
        for name in [
            "crates/application/src/identity/delete.rs",
            "crates/web/src/state.rs",
            "migration/src/lib.rs",
        ] {
            assert_eq!(
                in_file(name, text),
                [":1: only a store says that a row is locked"],
                "{name}"
            );
        }
        for name in [
            "crates/adapters/src/sea_orm/user.rs",
            "crates/domain/src/locked.rs",
            "crates/testing/src/samples.rs",
            "crates/application/tests/sign_in.rs",
        ] {
            assert_eq!(in_file(name, text), [""; 0], "{name}");
        }
    }

    #[test]
    fn in_web_only_the_wiring_names_the_adapters() {
        let text = "use doorward_adapters::sea_orm::SeaStore;\n";
        assert_eq!(
            in_file("crates/web/src/state.rs", text),
            [":1: only wiring/ may name the adapters"]
        );
        for name in ["crates/web/src/wiring/ports.rs", "crates/testing/src/app.rs"] {
            assert_eq!(in_file(name, text), [""; 0], "{name}");
        }
    }
}
