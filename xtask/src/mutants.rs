//! Which tests would not notice that a rule is broken: cargo-mutants changes one expression at a time and runs the tests.

use clap::Args;

use crate::shell::{Outcome, cargo, exists, run};

/// What decides who may do what, and who is who.
const DECISIONS: [&str; 5] = [
    "crates/domain/src/**/*.rs",
    "crates/application/src/access/**/*.rs",
    "crates/application/src/session/**/*.rs",
    "crates/application/src/sign_in/**/*.rs",
    "crates/application/src/verification/**/*.rs",
];

#[derive(Args)]
pub(crate) struct Mutants {
    /// Files to change, as globs from the root; the domain and the rooms access, session, `sign_in` and verification of the
    /// application unless given
    files: Vec<String>,
    /// Name the changes, and make none
    #[arg(long)]
    list: bool,
    /// How many changes are tested at once
    #[arg(long, default_value_t = 1)]
    jobs: u8,
}

impl Mutants {
    pub(crate) fn run(&self) -> Outcome {
        if !exists(env!("CARGO"), &["mutants", "--version"]) {
            return Err(
                "cargo-mutants is missing; install it by `cargo install --locked cargo-mutants`".to_owned(),
            );
        }
        let arguments = self.arguments();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        run(&mut cargo(&arguments))
    }

    fn arguments(&self) -> Vec<String> {
        // Without `--workspace` only the default members are looked at.
        let mut arguments: Vec<_> = ["mutants", "--workspace", "--output", "target"]
            .map(str::to_owned)
            .into();
        let given: Vec<_> = self.files.iter().map(String::as_str).collect();
        let files = if given.is_empty() {
            &DECISIONS[..]
        } else {
            &given[..]
        };
        for file in files {
            arguments.extend(["--file".to_owned(), (*file).to_owned()]);
        }
        if self.list {
            arguments.push("--list".to_owned());
        } else {
            arguments.push(format!("--jobs={}", self.jobs));
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Chore {
        #[command(flatten)]
        mutants: Mutants,
    }

    fn arguments(given: &[&str]) -> String {
        let given = ["mutants"].iter().chain(given);
        Chore::parse_from(given).mutants.arguments().join(" ")
    }

    #[test]
    fn the_decisions_are_changed_unless_files_are_given() {
        let all = arguments(&[]);
        assert!(
            all.starts_with("mutants --workspace --output target --file crates/domain/src/**/*.rs"),
            "{all}"
        );
        assert!(all.ends_with("verification/**/*.rs --jobs=1"), "{all}");
        assert_eq!(
            arguments(&["a.rs", "b.rs", "--jobs", "2"]),
            "mutants --workspace --output target --file a.rs --file b.rs --jobs=2"
        );
        assert_eq!(
            arguments(&["a.rs", "--list"]),
            "mutants --workspace --output target --file a.rs --list"
        );
    }
}
