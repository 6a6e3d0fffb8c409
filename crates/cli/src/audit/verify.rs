use std::fmt::Write;

use chrono::SecondsFormat;
use doorward_application::Context;
use doorward_application::audit_log::{Finding, VerifyEvents};
use doorward_domain::Actor;

use super::line::value;
use crate::error::Error;
use crate::terminal::print;

/// What the command is called as an actor.
const COMMAND: &str = "audit verify";

/// Verifies the audit log and prints what was found. A flaw is an error.
pub(crate) async fn verify(context: &Context) -> Result<(), Error> {
    let request = context.internal_request(Actor::Operator(COMMAND));
    let found = VerifyEvents::new(context.clone()).run(&request).await?;
    let mut text = format!("Verified {} events", found.verified);
    // Writing to a string cannot fail.
    if let Some(end) = &found.end {
        let _ = write!(
            text,
            ", up to number {} with the seal {}",
            end.seq,
            value(&end.seal)
        );
    }
    text.push_str(".\n");
    if found.erased > 0 {
        let _ = writeln!(
            text,
            "From {} of them, what was personal was erased with its user.",
            found.erased
        );
    }
    if found.unsigned > 0 {
        let _ = writeln!(
            text,
            "An earlier version wrote {} of them, without a signature.",
            found.unsigned
        );
    }
    if let Some(oldest) = found.oldest_unsealed {
        let at = oldest.to_rfc3339_opts(SecondsFormat::Millis, true);
        let age = (context.now() - oldest).num_seconds();
        let _ = writeln!(
            text,
            "Not sealed yet: {} events, the oldest from {at}, {age} seconds ago.",
            found.unsealed
        );
    }
    print(&text)?;
    match found.flaw {
        None => Ok(()),
        Some(finding) => Err(flawed(finding)),
    }
}

/// What was found, as an error.
pub(super) fn flawed(finding: Finding) -> Error {
    let Finding { seq, id, flaw } = finding;
    Error::Flawed {
        seq,
        flaw,
        id: id.map_or_else(String::new, |id| format!(" (event {})", value(&id))),
    }
}
