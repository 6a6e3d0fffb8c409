//! `doorward`: the server and its tools, in one binary.

mod arguments;
mod commands;
mod configuration;
mod logging;
mod welcome;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use commands::Failure;
use configuration::{Problem, Surroundings};

#[actix_web::main]
async fn main() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", with_causes(&failure));
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn start() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    // Mail and PostgreSQL over TLS use the one provider that is linked.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("another TLS provider was installed before");
    }
    let flags = arguments.overrides.given();
    refuse_password_in_flags(arguments.overrides.database_url.as_deref())?;
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let surroundings = Surroundings {
        file: arguments.overrides.config,
        environment: environment.collect(),
        flags,
    };
    commands::run(arguments.command, &surroundings).await
}

/// SK-3: everybody on the machine sees the arguments of its processes.
fn refuse_password_in_flags(database_url: Option<&str>) -> Result<(), Problem> {
    let has_password = |url: &str| url::Url::parse(url).is_ok_and(|url| url.password().is_some());
    if database_url.is_some_and(has_password) {
        let fix = "set DOORWARD_DATABASE__URL, or DOORWARD_DATABASE__URL_FILE to a file that holds it";
        return Err(Problem::new(
            "--database-url",
            "has a password in it, which everybody on this machine can see",
            fix,
        ));
    }
    Ok(())
}

/// An error with all that led to it, each said once.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
