//! Every chore of this repository: `cargo xtask --help` lists them.

mod arrows;
mod bench;
mod browser;
mod ci;
mod circles;
mod compat;
mod errors;
mod faults;
mod fuzz;
mod generated;
mod guides;
mod mutants;
mod paths;
mod postgres;
mod requirements;
mod rooms;
mod security;
mod server;
mod shell;
mod sources;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use compat::Compat;
use faults::Faults;
use fuzz::Fuzz;
use mutants::Mutants;
use shell::Outcome;

/// Every chore of this repository
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that is checked before a change is accepted
    Ci,
    /// All tests; needs nothing but Rust, and says what it had to skip
    Test {
        /// Arguments for `cargo test`, such as `-p doorward-domain`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The rules that neither compiler nor clippy knows: layers, rooms, length of files
    Tidy,
    /// Write the table of rooms in ARCHITECTURE.md from the list of rooms
    Rooms {
        /// Write nothing, and fail if the table is out of date
        #[arg(long)]
        check: bool,
    },
    /// Show every arrow between rooms that the list of rooms does not allow
    RoomArrows,
    /// Write openapi.json from the routes
    Openapi {
        /// Write nothing, and fail if the file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Write docs/reference/configuration.md from the options
    ConfigReference {
        /// Write nothing, and fail if the file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Write docs/reference/errors.md from the error codes
    Errors {
        /// Write nothing, and fail if the file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Write docs/reference/security.md from the list of requirements and the names of tests
    Security {
        /// Write nothing, and fail if the file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Write docs/reference/personal-data.md from the declaration beside the schema
    PersonalData {
        /// Write nothing, and fail if the file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Write docs/reference/metrics.md from the declarations of the metrics
    Metrics {
        /// Write nothing, and fail if the file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Put the code of examples/ into docs/guides
    Guides {
        /// Write nothing, and fail if a guide is out of date
        #[arg(long)]
        check: bool,
    },
    /// Better Auth's official client against Doorward or the original
    Compat(Compat),
    /// Look at the API reference in a headless Chromium that reaches no other host
    Browser {
        /// Where to keep a picture of the page
        #[arg(long)]
        screenshot: Option<std::path::PathBuf>,
    },
    /// Change decisions one by one, and see whether a test notices; needs cargo-mutants, and hours for everything
    Mutants(Mutants),
    /// Kill, stop, starve and crowd the release build for a long time, and print the figures
    Faults(Faults),
    /// Give the server or a parser input that nobody thought of
    Fuzz(Fuzz),
    /// Measure the release build, and the original beside it where npm has installed it
    Bench,
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Outcome {
    match chore {
        Chore::Ci => ci::run(),
        Chore::Test { arguments } => test::run(&arguments),
        Chore::Tidy => tidy::run(),
        Chore::Rooms { check } => rooms::document(check),
        Chore::RoomArrows => arrows::report(),
        Chore::Openapi { check } => generated::openapi(check),
        Chore::ConfigReference { check } => generated::config_reference(check),
        Chore::Errors { check } => errors::document(check),
        Chore::Security { check } => security::document(check),
        Chore::PersonalData { check } => generated::personal_data(check),
        Chore::Metrics { check } => generated::metrics(check),
        Chore::Guides { check } => guides::run(check),
        Chore::Compat(compat) => compat.run(),
        Chore::Browser { screenshot } => browser::run(screenshot.as_deref()),
        Chore::Mutants(mutants) => mutants.run(),
        Chore::Faults(faults) => faults.run(),
        Chore::Fuzz(fuzz) => fuzz.run(),
        Chore::Bench => bench::run(),
    }
}
