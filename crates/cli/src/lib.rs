//! Doorward as a library: a server of your own, with the configuration of the binary and what your team adds.
//!
//! ```no_run
//! use doorward::{Doorward, Error};
//!
//! doorward_domain::resource! { pub mod report = "report" { EXPORT = "export" } }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Error> {
//!     Doorward::from_env()
//!         .access(|policy| policy.declare(report::ALL.iter().cloned()).role("auditor", [report::EXPORT]))
//!         .serve()
//!         .await
//! }
//! ```

mod arguments;
mod banner;
mod commands;
mod configuration;
mod doorward;
mod error;
mod logging;
mod terminal;

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;
use doorward_domain::ErrorChain;

pub use configuration::ConfigError;
pub use doorward::Doorward;
pub use error::Error;

use arguments::Arguments;
use configuration::Sources;

/// What the binary does: reads the arguments, and does what they say.
pub async fn run() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // `eprintln!` panics if nobody reads, and a panic has an exit code of its own.
            drop(writeln!(stderr(), "error: {}", ErrorChain(&failure)));
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn start() -> Result<(), Error> {
    let arguments = Arguments::parse();
    let flags = arguments.overrides.given();
    refuse_password_in_flags(arguments.overrides.database_url.as_deref())?;
    let sources = Sources {
        file: arguments.overrides.config,
        flags,
        ..Sources::of_process()
    };
    commands::run(arguments.command, &sources).await
}

/// Mail and PostgreSQL over TLS use the one provider that is linked.
fn choose_tls() {
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("another TLS provider was installed before");
    }
}

/// SK-3: everybody on the machine sees the arguments of its processes.
fn refuse_password_in_flags(database_url: Option<&str>) -> Result<(), ConfigError> {
    let has_password = |url: &str| url::Url::parse(url).is_ok_and(|url| url.password().is_some());
    if database_url.is_some_and(has_password) {
        let fix = "set DOORWARD_DATABASE__URL, or DOORWARD_DATABASE__URL_FILE to a file that holds it";
        return Err(ConfigError::new(
            "--database-url",
            "has a password in it, which everybody on this machine can see",
            fix,
        ));
    }
    Ok(())
}
