use crate::postgres::{POSTGRES, Postgres};
use crate::shell::{self, Outcome, cargo, skip};

/// All tests, on SQLite and on PostgreSQL.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let is_narrowed = arguments
        .iter()
        .any(|argument| argument == "-p" || argument == "--package");
    let everything: &[&str] = if is_narrowed { &[] } else { &["--workspace"] };
    let mut command = cargo(&["test", "--locked"]);
    command.args(everything);
    command.args(arguments);
    let server = Postgres::find()?;
    if let Some(server) = &server {
        command.env(POSTGRES, server.url());
    } else {
        skip(
            "no PostgreSQL: neither installed nor named, so that all suites ran on SQLite only",
            "Install PostgreSQL 15 or newer, or set DOORWARD_TEST_POSTGRES_URL to a server where databases may be created",
        )?;
    }
    shell::run(&mut command)?;
    if server.is_none() {
        eprintln!("\nPassed on SQLite. The suites on PostgreSQL were SKIPPED, see above.");
    }
    Ok(())
}
