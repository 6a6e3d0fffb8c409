use crate::compat::Compat;
use crate::shell::{self, Outcome, cargo, exists, skip};
use crate::{browser, errors, generated, guides, rooms, security, test, tidy};

/// Everything, what fails fast first.
pub(crate) fn run() -> Outcome {
    shell::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run()?;
    rooms::document(true)?;
    security::document(true)?;
    shell::run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    test::run(&[])?;
    generated::openapi(true)?;
    generated::config_reference(true)?;
    errors::document(true)?;
    generated::personal_data(true)?;
    generated::metrics(true)?;
    guides::run(true)?;
    shell::run(cargo(&["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    dependencies()?;
    shell::run(&mut cargo(&["build", "--release", "--locked", "-p", "doorward"]))?;
    browser::run(None)?;
    Compat::all()
}

/// Licences, sources and bans: the checks that need no network.
fn dependencies() -> Outcome {
    if !exists("cargo", &["deny", "--version"]) {
        return skip(
            "cargo-deny is not installed",
            "Install it with `cargo install --locked cargo-deny`",
        );
    }
    // The checks look at the crates of every platform, of which a build here has fetched only its own.
    shell::run(&mut cargo(&["fetch", "--locked"]))?;
    shell::run(&mut cargo(&[
        "deny",
        "--offline",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}
