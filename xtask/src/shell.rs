//! Running other programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a chore ends with: nothing, or what went wrong, for the person who started it.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(1)
        .map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A program that is run at the root.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command(env!("CARGO"), arguments)
}

/// Runs it with its output shown.
pub(crate) fn run(command: &mut Command) -> Outcome {
    eprintln!("> {}", words(command));
    let status = command
        .status()
        .map_err(|error| format!("cannot run {}: {error}", words(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed: {status}", words(command)))
    }
}

/// Runs it and answers what it printed.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", words(command)))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", words(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{} printed no text: {error}", words(command)))
}

/// Whether the program is there.
pub(crate) fn exists(program: &str, arguments: &[&str]) -> bool {
    let quiet = command(program, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

/// Whether what is missing is a failure and not a remark.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Says loudly that something cannot be checked here; where nothing may be left out, that is an error.
pub(crate) fn skip(what: &str, remedy: &str) -> Outcome {
    let message = format!("SKIPPED: {what}. {remedy}");
    if is_ci() {
        return Err(message);
    }
    let line = "!".repeat(72);
    eprintln!("\n{line}\n{message}\n{line}\n");
    Ok(())
}

fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
