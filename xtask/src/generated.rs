//! Files that are made from the code, and committed so that a change is seen.

use std::fs;

use crate::shell::{Outcome, cargo, output, root};

/// `openapi.json` from the routes.
pub(crate) fn openapi(check: bool) -> Outcome {
    let text = output(&mut doorward(&["openapi"]))?;
    settle("openapi.json", &text, check, "openapi")
}

/// `docs/reference/configuration.md` from the options.
pub(crate) fn config_reference(check: bool) -> Outcome {
    let text = output(&mut doorward(&["config", "reference"]))?;
    settle(
        "docs/reference/configuration.md",
        &text,
        check,
        "config-reference",
    )
}

/// `docs/reference/personal-data.md` from the declaration beside the schema.
pub(crate) fn personal_data(check: bool) -> Outcome {
    let text = output(&mut doorward(&["personal-data"]))?;
    settle("docs/reference/personal-data.md", &text, check, "personal-data")
}

/// `docs/reference/metrics.md` from the declarations of the metrics.
pub(crate) fn metrics(check: bool) -> Outcome {
    let text = output(&mut doorward(&["metrics"]))?;
    settle("docs/reference/metrics.md", &text, check, "metrics")
}

/// The binary with these arguments.
pub(crate) fn doorward(arguments: &[&str]) -> std::process::Command {
    let mut command = cargo(&["run", "--quiet", "--locked", "-p", "doorward", "--"]);
    command.args(arguments);
    command
}

pub(crate) fn settle(name: &str, text: &str, check: bool, chore: &str) -> Outcome {
    let file = root().join(name);
    let text = format!("{}\n", text.trim_end());
    if fs::read_to_string(&file).is_ok_and(|present| present == text) {
        eprintln!("> {name} is up to date");
        return Ok(());
    }
    if check {
        return Err(format!(
            "{name} is out of date; run `cargo xtask {chore}` and commit it"
        ));
    }
    fs::write(&file, text).map_err(|error| format!("cannot write {name}: {error}"))?;
    eprintln!("> wrote {name}");
    Ok(())
}
