use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::configuration::{ConfigError, LogFormat};

/// What libraries say about every start; a directive for the same target in `log.level` wins.
const QUIET: &str = "actix_server=warn,sea_orm_migration=warn";

/// Log lines go to standard error: standard output is for answers. A line that cannot be written is lost, and nothing
/// else: without `log_internal_errors(false)` the subscriber would report the failure with `eprintln!`, which panics.
pub(crate) fn start((level, format): (&str, LogFormat)) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(format!("{QUIET},{level}")).map_err(|error| {
        ConfigError::new(
            "log.level",
            format!("{level:?}: {error}"),
            "write error, warn, info, debug or trace",
        )
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .log_internal_errors(false);
    match format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}
