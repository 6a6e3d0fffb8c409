//! Inputs nobody thought of: for the parsers by libFuzzer, for the whole server by the generator of `tests/http/hostile`.

use std::time::Instant;

use clap::Args;

use crate::shell::{self, Outcome, cargo, command, root};

/// Parsers of the domain: a build of few crates.
const OF_THE_DOMAIN: [&str; 4] = ["date", "email", "origin", "redirect"];
/// Parsers of the crates above it.
const OF_THE_SERVER: [&str; 5] = ["client_address", "cookie", "form", "hash", "json"];
const TRIPLE: &str = "x86_64-unknown-linux-gnu";
const BUILD: &str = "target/fuzz";
/// What cargo-fuzz passes to the compiler, without a sanitizer of memory: no crate of this repository has unsafe code. None of it
/// needs a nightly compiler.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What is given arbitrary input.
#[derive(Args)]
pub(crate) struct Fuzz {
    /// `http` for the whole server, or a parser
    #[arg(value_parser = targets())]
    target: String,
    /// For how long, if it is a parser
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// How many requests, if it is the server
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// What the requests are made from; the same gives the same
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,
}

fn targets() -> Vec<&'static str> {
    [&["http"][..], &OF_THE_DOMAIN, &OF_THE_SERVER].concat()
}

impl Fuzz {
    pub(crate) fn run(&self) -> Outcome {
        if self.target == "http" {
            http(self.requests, self.seed)
        } else {
            parser(&self.target, self.seconds)
        }
    }
}

/// Prints the seed, the rate and each finding.
fn http(requests: u64, seed: u64) -> Outcome {
    let test = ["test", "--locked", "--workspace", "--test", "http"];
    shell::run(cargo(&test).arg("--no-run"))?;
    let begun = Instant::now();
    let outcome = shell::run(
        cargo(&test)
            .args(["--", "--nocapture", "in_8_ten_thousand"])
            .env("DOORWARD_FUZZ_REQUESTS", requests.to_string())
            .env("DOORWARD_TEST_SEED", seed.to_string()),
    );
    let seconds = begun.elapsed().as_secs().max(1);
    eprintln!(
        "seed {seed}: {requests} requests in {seconds} s, {} a second",
        requests / seconds
    );
    outcome
}

/// Builds the target and lets libFuzzer run. What it finds stays in `target/fuzz/found`.
fn parser(name: &str, seconds: u32) -> Outcome {
    let mut build = cargo(&["build", "--locked", "--release", "--target", TRIPLE]);
    build
        .args(["--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir", BUILD])
        .env("RUSTFLAGS", COVERAGE.join(" "));
    if OF_THE_SERVER.contains(&name) {
        build.args(["--features", "server"]);
    }
    shell::run(&mut build)?;
    let found = root().join(BUILD).join("found").join(name);
    std::fs::create_dir_all(&found).map_err(|error| format!("cannot make {}: {error}", found.display()))?;
    let binary = root().join(BUILD).join(TRIPLE).join("release/doorward-fuzz");
    let mut fuzz = command(
        &binary.to_string_lossy(),
        &["-max_len=512", "-timeout=10", "-print_final_stats=1"],
    );
    fuzz.arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}-", found.display()))
        .args([found, root().join("tests/fuzz/corpus").join(name)])
        .env("DOORWARD_FUZZ_TARGET", name);
    shell::run(&mut fuzz)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_target_has_a_committed_corpus_and_no_other_has() {
        let mut names = targets();
        names.retain(|name| *name != "http");
        names.sort_unstable();
        let folders = fs::read_dir(root().join("tests/fuzz/corpus")).unwrap();
        let mut folders: Vec<_> = folders
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        folders.sort();
        assert_eq!(folders, names);
    }
}
