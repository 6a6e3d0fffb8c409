//! Better Auth's official client, its wire and its database against Doorward or the original.

use std::path::PathBuf;
use std::process::Command;

use clap::{Args, ValueEnum};

use crate::postgres::Postgres;
use crate::server::release_binary;
use crate::shell::{Outcome, cargo, command, exists, root, run, skip};

const SUITE: &str = "tests/compat";
const DIFFERENCES: &str = "docs/reference/differences.txt";

/// The groups of the suite that this version implements.
const GROUPS: [&str; 21] = [
    "accounts",
    "additional-fields",
    "admin-access",
    "admin-sessions",
    "admin-users",
    "bearer",
    "change-email",
    "cookie-cache",
    "delete-user",
    "email-verification",
    "origin",
    "password",
    "password-reset",
    "protocol",
    "rate-limit",
    "session",
    "sign-in",
    "sign-up",
    "storage",
    "update-user",
    "username",
];

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Doorward,
    Original,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

#[derive(Args)]
pub(crate) struct Compat {
    /// Whom to run it against
    #[arg(long, value_enum, default_value = "doorward")]
    target: Target,
    /// The preset of Doorward
    #[arg(long, default_value = "better-auth")]
    preset: String,
    /// The database
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Database,
    /// Only scenarios whose name matches
    #[arg(long)]
    only: Option<String>,
    /// Move databases between the original and Doorward instead
    #[arg(long, conflicts_with = "promises")]
    handover: bool,
    /// The security requirements where the original was measured to do less: Doorward has to pass, and the original to fail
    #[arg(long)]
    promises: bool,
    /// Further arguments for the runner, such as `--verbose`
    #[arg(last = true)]
    rest: Vec<String>,
}

impl Compat {
    /// One run, as asked for.
    pub(crate) fn run(&self) -> Outcome {
        if !prepare()? {
            return Ok(());
        }
        if self.target == Target::Doorward {
            run(&mut cargo(&["build", "--release", "--locked", "-p", "doorward"]))?;
        }
        match self.database {
            Database::Sqlite => self.start(None),
            Database::Postgres => with_postgres(|url| self.start(Some(url))),
        }
    }

    /// Everything CI wants to know, against a release build that is there.
    pub(crate) fn all() -> Outcome {
        if !prepare()? {
            return Ok(());
        }
        let of = |preset: &str| Self {
            target: Target::Doorward,
            preset: preset.to_owned(),
            database: Database::Sqlite,
            only: None,
            handover: false,
            promises: false,
            rest: Vec::new(),
        };
        let promises = |target| Self {
            target,
            promises: true,
            ..of("hardened")
        };
        let all = [
            of("better-auth"),
            of("hardened"),
            Self {
                handover: true,
                ..of("better-auth")
            },
            promises(Target::Doorward),
        ];
        promises(Target::Original).start(None)?;
        all.iter().try_for_each(|compat| compat.start(None))?;
        with_postgres(|url| all.iter().try_for_each(|compat| compat.start(Some(url))))
    }

    fn start(&self, postgres: Option<&str>) -> Outcome {
        let script = if self.handover { "handover.mjs" } else { "run.mjs" };
        let mut node = Command::new("node");
        node.current_dir(suite()).arg(script);
        let serve = format!("{} serve", release_binary().display());
        match self.target {
            Target::Doorward => node.args(["--cmd", &serve]),
            Target::Original => node.args(["--target", "reference"]),
        };
        if self.promises {
            node.args(["--scenarios", "promises", "--preset", "hardened"]);
            if self.target == Target::Original {
                node.arg("--all-differ");
            }
            if let Some(only) = &self.only {
                node.args(["--only", only]);
            }
        } else if !self.handover {
            node.args(["--preset", &self.preset, "--only"])
                .arg(self.only.clone().unwrap_or_else(implemented));
            if self.preset == "hardened" && self.only.is_none() {
                node.arg("--differences").arg(root().join(DIFFERENCES));
            }
        }
        if let Some(url) = postgres {
            node.args(["--database-url", url]);
        }
        run(node.args(&self.rest))
    }
}

fn suite() -> PathBuf {
    root().join(SUITE)
}

/// A pattern for the names of all scenarios of the implemented groups.
fn implemented() -> String {
    format!("^({}) / ", GROUPS.join("|"))
}

/// Installs the original and its client. False if that cannot be and need not be.
fn prepare() -> Outcome<bool> {
    if !exists("node", &["--version"]) || !exists("npm", &["--version"]) {
        skip(
            "Node.js with npm is not installed, so that the official client cannot be run",
            "Install Node.js 20 or newer",
        )?;
        return Ok(false);
    }
    if !suite().join("node_modules").exists() {
        run(command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(suite()))?;
    }
    Ok(true)
}

fn with_postgres(work: impl FnOnce(&str) -> Outcome) -> Outcome {
    match Postgres::find()? {
        Some(server) => work(&server.url()),
        None => skip(
            "no PostgreSQL for the official client's suite",
            "Install PostgreSQL 15 or newer",
        ),
    }
}
