//! How long the suite runs, and the figures that it prints.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

/// The variable that makes the suite long: so many kills, a tenth as many races, a hundredth as many outages.
const CYCLES: &str = "DOORWARD_FAULTS_CYCLES";

/// How often to repeat: `short`, or in a long run one for each `share` of its cycles.
pub(crate) fn cycles(short: usize, share: usize) -> usize {
    let long = std::env::var_os(CYCLES).map(|cycles| cycles.to_str().and_then(|cycles| cycles.parse().ok()));
    long.map_or(short, |cycles: Option<usize>| {
        let cycles = cycles.unwrap_or_else(|| panic!("{CYCLES} is no number"));
        (cycles / share).max(1)
    })
}

/// Prints a figure in the form in which `cargo xtask faults` collects them.
pub(crate) fn figure(what: &str, value: impl Display) {
    eprintln!("figure | {what} | {value}");
}

/// Says loudly what cannot be tested here. In CI nothing is skipped.
pub(crate) fn skip(why: &str) {
    assert!(
        std::env::var_os("CI").is_none_or(|value| value != "true"),
        "{why}, and in CI nothing is skipped"
    );
    eprintln!("SKIPPED: {why}");
}

/// Tells threads that it is over, also when the test fails: a scope waits for them.
pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
