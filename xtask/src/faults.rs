//! The binary while something fails, for a long time, and the figures that come out of it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use clap::Args;

use crate::postgres::{POSTGRES, Postgres};
use crate::server::release_binary;
use crate::shell::{self, Outcome, cargo};

/// How the fault suite is run.
#[derive(Args)]
pub(crate) struct Faults {
    /// How often the server is killed; there are a tenth as many rounds of races, and a hundredth as many outages
    #[arg(long, default_value_t = 1000)]
    cycles: u32,
    /// The binary to test; without it, the release build is made and tested
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Only tests whose name has this in it
    filter: Option<String>,
}

impl Faults {
    /// Runs the suite test by test, so that nothing disturbs what is measured, and prints the figures at its end.
    pub(crate) fn run(&self) -> Outcome {
        let binary = if let Some(binary) = &self.binary {
            binary.clone()
        } else {
            shell::run(&mut cargo(&["build", "--release", "--locked", "-p", "doorward"]))?;
            release_binary()
        };
        let binary = binary
            .canonicalize()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let mut command = cargo(&["test", "--locked", "--workspace", "--test", "faults", "--"]);
        command
            .args(["--nocapture", "--test-threads=1"])
            .args(&self.filter)
            .env("DOORWARD_FAULTS_CYCLES", self.cycles.to_string())
            .env("DOORWARD_TEST_BINARY", binary)
            .stderr(Stdio::piped());
        let postgres = Postgres::find()?;
        if let Some(postgres) = &postgres {
            command.env(POSTGRES, postgres.url());
        }
        let mut suite = command
            .spawn()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        let mut figures = Vec::new();
        for line in suite
            .stderr
            .take()
            .into_iter()
            .flat_map(|stderr| BufReader::new(stderr).lines())
        {
            let line = line.map_err(|error| format!("cannot read what the suite prints: {error}"))?;
            eprintln!("{line}");
            figures.extend(line.strip_prefix("figure ").map(str::to_owned));
        }
        let status = suite
            .wait()
            .map_err(|error| format!("cannot wait for cargo: {error}"))?;
        eprintln!("\n| What | Figure |\n| --- | --- |");
        for figure in figures {
            eprintln!("{figure} |");
        }
        if status.success() {
            Ok(())
        } else {
            Err(format!("the fault suite failed: {status}"))
        }
    }
}
